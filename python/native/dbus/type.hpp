#pragma once

#include "dbus/packing.hpp"
#include "gawait/ref.hpp"
#include "python.hpp"

#include <gio/gio.h>

#include <string>
#include <string_view>

namespace gawait::python {

struct dbus_type;

/// What there is beside a value that is unpacked.
struct unpacking {
    GUnixFDList* descriptors; // that came with it; may be null
};

/// How the values of a type are converted, of which Python has other objects than of other types.
struct dbus_shape {
    std::string_view name;

    /// Writes a value, aligned already. False if it was refused, or with an exception set.
    bool (*pack)(const dbus_type&, PyObject* value, packing& into) noexcept;

    /// Null with an exception set on failure.
    object (*unpack)(const dbus_type&, GVariant* value, const unpacking& from) noexcept;

    /// The same of a number in its serialised form; null for other shapes.
    object (*load)(const char* data) noexcept = nullptr;
};

/// A type of D-Bus with what Python has for it, which types.py makes of annotations: `DBusType`.
/// It does not change.
struct dbus_type {
    PyObject_HEAD

        const dbus_shape* shape;
    std::string signature;
    gsize alignment;  // of the serialised form
    gsize fixed_size; // 0: it varies
    object parts;     // tuple: the types of what is in it
    object of;        // class; may be empty
    object names;     // tuple: of fields or arguments

    mutable object array; // the type of a list of such values, made when it is first needed

    Py_ssize_t count() const noexcept { return PyTuple_GET_SIZE(parts.get()); }

    const dbus_type& part(Py_ssize_t index) const noexcept {
        return *reinterpret_cast<const dbus_type*>(PyTuple_GET_ITEM(parts.get(), index));
    }

    PyObject* name(Py_ssize_t index) const noexcept { return PyTuple_GET_ITEM(names.get(), index); }

    bool is_of(PyObject* value) const noexcept {
        return PyObject_TypeCheck(value, reinterpret_cast<PyTypeObject*>(of.get()));
    }

    const GVariantType* variant_type() const noexcept {
        return reinterpret_cast<const GVariantType*>(signature.c_str());
    }

    bool pack(PyObject* value, packing& into) const noexcept {
        into.bytes.align(alignment);
        return shape->pack(*this, value, into);
    }

    object unpack(GVariant* value, const unpacking& from) const noexcept {
        return shape->unpack(*this, value, from);
    }
};

/// `DBusType`.
PyTypeObject* dbus_type_type() noexcept;

/// Null with an exception set on failure.
object new_dbus_type(const dbus_shape& shape, std::string signature, object parts, object of = {},
                     object names = {}) noexcept;

/// Packs a value. Null if that was refused, which `into` knows, or with an exception set.
ref<GVariant> pack_whole(const dbus_type& type, PyObject* value, packing& into) noexcept;

/// Unpacks a value that may be of another type, which is a TypeError. Null with an exception set on
/// failure.
object unpack_whole(const dbus_type& type, GVariant* value, GUnixFDList* descriptors) noexcept;

// What has a shape. Null if there is none of that name.
const dbus_shape* basic_shape(std::string_view signature) noexcept;
const dbus_shape* container_shape(std::string_view name) noexcept;
const dbus_shape* class_shape(std::string_view name) noexcept;
const dbus_shape* message_shape(std::string_view name) noexcept;
const dbus_shape* variant_shape(std::string_view name) noexcept;

template <std::size_t Count>
const dbus_shape* shape_named(const dbus_shape (&shapes)[Count], std::string_view name) noexcept {
    for (const dbus_shape& each : shapes)
        if (each.name == name)
            return &each;
    return nullptr;
}

/// A value of any type as it is without an annotation, what is in a variant in its place.
object unpack_plain(GVariant* value, const unpacking& from) noexcept;

bool add_dbus_types(PyObject* module) noexcept;

} // namespace gawait::python
