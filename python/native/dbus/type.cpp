#include "dbus/type.hpp"

#include "dbus/file_descriptor.hpp"
#include "dbus/plain_types.hpp"
#include "dbus/signature.hpp"
#include "gawait/dbus/detail/layout.hpp"
#include "gawait/dbus/detail/message_header.hpp"
#include "pygobject.hpp"
#include "variant.hpp"

#include <gio/gunixfdlist.h>

#include <algorithm>
#include <memory>

namespace gawait::python {
namespace {

PyTypeObject* type_of_types;
PyTypeObject* descriptors_type;

dbus_type& type_in(PyObject* self) noexcept { return *reinterpret_cast<dbus_type*>(self); }

dbus::detail::layout layout_of_structure(PyObject* types) noexcept {
    dbus::detail::structure_layout structure;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(types); ++index) {
        const dbus_type& type = type_in(PyTuple_GET_ITEM(types, index));
        structure.add({type.alignment, type.fixed_size});
    }
    return structure.whole();
}

dbus::detail::layout layout_of(std::string_view signature, PyObject* parts) noexcept {
    if (PyTuple_GET_SIZE(parts) == 1) {
        // Of a type that is another one on the bus, as that of an enumeration.
        const dbus_type& only = type_in(PyTuple_GET_ITEM(parts, 0));
        if (only.signature == signature)
            return {only.alignment, only.fixed_size};
    }
    switch (signature[0]) {
    case '(':
        return layout_of_structure(parts);
    case 'a':
        return {layout_of_structure(parts).alignment, 0};
    default:
        return dbus::detail::layout_of_basic(signature[0]);
    }
}

const dbus_shape* find_shape(std::string_view name, std::string_view signature) noexcept {
    if (name == "value")
        return basic_shape(signature);
    for (const auto find : {container_shape, class_shape, message_shape, variant_shape})
        if (const dbus_shape* const found = find(name))
            return found;
    return nullptr;
}

bool are_types(PyObject* parts) noexcept {
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(parts); ++index)
        if (!Py_IS_TYPE(PyTuple_GET_ITEM(parts, index), type_of_types))
            return false;
    return true;
}

/// Whether a shape has such a signature with these parts.
bool is_made_of(std::string_view shape, std::string_view signature, PyObject* parts) noexcept {
    const Py_ssize_t count = PyTuple_GET_SIZE(parts);
    std::string inside;
    for (Py_ssize_t index = 0; index < count; ++index)
        inside += type_in(PyTuple_GET_ITEM(parts, index)).signature;
    if (shape == "value" || shape == "object")
        return count == 0 && (shape == "value" || signature == "v");
    if (shape == "variant")
        return count == 0 ? signature == "v" : count == 1 && signature == inside;
    if (shape == "member")
        return count == 1 && signature == inside;
    if (shape == "list" || shape == "bytes")
        return count == 1 && signature == "a" + inside && (shape == "list" || signature == "ay");
    if (shape == "dict")
        return count == 2 && signature == "a{" + inside + "}";
    const bool fits = shape == "single" ? count == 1 : shape != "nothing" || count == 0;
    return fits && signature == "(" + inside + ")";
}

/// Whether there is a name for each part, or none where a shape needs none.
bool are_names(std::string_view shape, PyObject* names, PyObject* parts) noexcept {
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(names); ++index)
        if (!PyUnicode_Check(PyTuple_GET_ITEM(names, index)))
            return false;
    return PyTuple_GET_SIZE(names) == PyTuple_GET_SIZE(parts) ||
           (PyTuple_GET_SIZE(names) == 0 && shape != "structure");
}

/// Of a shape that has values of a class.
bool is_class(std::string_view shape, PyObject* of) noexcept {
    return PyType_Check(of) || (of == Py_None && shape != "structure" && shape != "member");
}

PyObject* create(PyTypeObject*, PyObject* arguments, PyObject*) {
    const char *name = nullptr, *signature = nullptr;
    PyObject* of = Py_None;
    PyObject *given_parts = nullptr, *given_names = nullptr;
    if (!PyArg_ParseTuple(arguments, "ss|O!OO!:DBusType", &name, &signature, &PyTuple_Type,
                          &given_parts, &of, &PyTuple_Type, &given_names))
        return nullptr;
    const auto nothing = object::adopt(PyTuple_New(0));
    const object parts = given_parts ? object::retain(given_parts) : nothing;
    const object names = given_names ? object::retain(given_names) : nothing;
    if (!nothing)
        return nullptr;
    const dbus_shape* const shape = find_shape(name, signature);
    if (!shape || !are_types(parts.get()) || !is_made_of(name, signature, parts.get())) {
        PyErr_Format(PyExc_ValueError, "no '%s' of %R has the signature '%s'", name, parts.get(),
                     signature);
        return nullptr;
    }
    if (!is_class(name, of) || !are_names(name, names.get(), parts.get())) {
        PyErr_Format(PyExc_ValueError, "no '%s' of the signature '%s' is of %R with the names %R",
                     name, signature, of, names.get());
        return nullptr;
    }
    return new_dbus_type(*shape, signature, parts, object::retain(of == Py_None ? nullptr : of),
                         names)
        .release();
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    const dbus_type& type = type_in(self);
    Py_VISIT(type.parts.get());
    Py_VISIT(type.of.get());
    Py_VISIT(type.names.get());
    Py_VISIT(type.array.get());
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/// Its parts and its class are needed as long as it can be used. A cycle through a class is broken
/// by the class, of which the garbage collector clears the dictionary.
int clear(PyObject* self) {
    type_in(self).array = {};
    return 0;
}

void deallocate(PyObject* self) {
    PyObject_GC_UnTrack(self);
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    dbus_type& ending = type_in(self);
    std::destroy_at(&ending.signature);
    for (object* const each : {&ending.parts, &ending.of, &ending.names, &ending.array})
        std::destroy_at(each);
    Py_TYPE(self)->tp_free(self);
}

PyObject* represent(PyObject* self) {
    return PyUnicode_FromFormat("<DBusType '%s'>", type_in(self).signature.c_str());
}

ref<GVariant> pack_or_raise(PyObject* self, PyObject* const* arguments, packing& into) noexcept {
    auto packed = pack_whole(type_in(self), arguments[0], into);
    if (!packed)
        into.raise_refusal(arguments[1]);
    return packed;
}

bool check_count(const char* name, Py_ssize_t count, Py_ssize_t least, Py_ssize_t most) noexcept {
    if (count >= least && count <= most)
        return true;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd to %zd arguments, not %zd", name, least, most,
                 count);
    return false;
}

bool check_what(const char* name, PyObject* const* arguments, Py_ssize_t count) noexcept {
    if (!check_count(name, count, 2, 2))
        return false;
    if (PyUnicode_Check(arguments[1]))
        return true;
    PyErr_Format(PyExc_TypeError, "%s(): argument 'what': expected str, not %.200s", name,
                 Py_TYPE(arguments[1])->tp_name);
    return false;
}

PyObject* pack(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (!check_what("pack", arguments, count))
        return nullptr;
    packing into(false);
    auto packed = pack_or_raise(self, arguments, into);
    return packed ? variant_object(std::move(packed)).release() : nullptr;
}

PyObject* pack_with_descriptors(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (!check_what("pack_with_descriptors", arguments, count))
        return nullptr;
    packing into(true);
    auto packed = pack_or_raise(self, arguments, into);
    if (!packed)
        return nullptr;
    const object variant = variant_object(std::move(packed));
    const auto list = into.take_descriptors();
    const auto seen = object::adopt(pygobject_new(reinterpret_cast<GObject*>(list.get())));
    return variant && seen ? PyTuple_Pack(2, variant.get(), seen.get()) : nullptr;
}

bool check_descriptors(PyObject* given) noexcept {
    if (given == Py_None || PyObject_TypeCheck(given, descriptors_type))
        return true;
    PyErr_Format(PyExc_TypeError,
                 "unpack(): argument 'descriptors': expected Gio.UnixFDList, not %.200s",
                 Py_TYPE(given)->tp_name);
    return false;
}

PyObject* unpack(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (!check_count("unpack", count, 1, 2) || (count == 2 && !check_descriptors(arguments[1])))
        return nullptr;
    GVariant* const given = variant_in(arguments[0]);
    if (!given) {
        PyErr_Format(PyExc_TypeError, "unpack(): expected GLib.Variant, not %.200s",
                     Py_TYPE(arguments[0])->tp_name);
        return nullptr;
    }
    const bool has_descriptors = count == 2 && arguments[1] != Py_None;
    return unpack_whole(type_in(self), given,
                        has_descriptors
                            ? reinterpret_cast<GUnixFDList*>(pygobject_get(arguments[1]))
                            : nullptr)
        .release();
}

PyObject* get_signature(PyObject* self, void*) {
    return PyUnicode_FromString(type_in(self).signature.c_str());
}

PyMethodDef methods[] = {
    {"pack", method(pack), METH_FASTCALL, "pack($self, value, what, /)\n--\n\n"},
    {"pack_with_descriptors", method(pack_with_descriptors), METH_FASTCALL,
     "pack_with_descriptors($self, value, what, /)\n--\n\n"},
    {"unpack", method(unpack), METH_FASTCALL,
     "unpack($self, variant, descriptors=None, /)\n--\n\n"},
    {},
};

PyGetSetDef attributes[] = {
    {"signature", get_signature, nullptr, "The type as D-Bus names it.", nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>("A type of D-Bus with what Python has for it, made by type_of().")},
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_tp_repr, slot(represent)},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.DBusType",
    .basicsize = sizeof(dbus_type),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

/// prepare_dbus_types(type_of_class, ObjectPath, Signature)
PyObject* prepare(PyObject*, PyObject* arguments) {
    PyObject *of_class = nullptr, *object_path = nullptr, *signature = nullptr;
    if (!PyArg_ParseTuple(arguments, "OOO", &of_class, &object_path, &signature) ||
        !prepare_plain_types(of_class, object_path, signature))
        return nullptr;
    Py_RETURN_NONE;
}

/// fault_of_signature(signature): None, or what is wrong with it.
PyObject* fault_of(PyObject*, PyObject* given) {
    Py_ssize_t length = 0;
    const char* const signature =
        PyUnicode_Check(given) ? PyUnicode_AsUTF8AndSize(given, &length) : nullptr;
    if (!signature || std::strlen(signature) != static_cast<std::size_t>(length)) {
        PyErr_Clear();
        return PyUnicode_FromString("is not a D-Bus type");
    }
    const char* const fault = fault_of_signature(signature);
    return fault ? PyUnicode_FromString(fault) : Py_NewRef(Py_None);
}

PyMethodDef functions[] = {
    {"fault_of_signature", method(fault_of), METH_O, nullptr},
    {"prepare_dbus_types", prepare, METH_VARARGS, nullptr},
    {},
};

} // namespace

PyTypeObject* dbus_type_type() noexcept { return type_of_types; }

object new_dbus_type(const dbus_shape& shape, std::string signature, object parts, object of,
                     object names) noexcept {
    if (!names)
        names = object::adopt(PyTuple_New(0));
    if (!parts || !names)
        return {};
    auto made = object::adopt(type_of_types->tp_alloc(type_of_types, 0));
    if (!made)
        return {};
    dbus_type& type = type_in(made.get());
    const auto layout = layout_of(signature, parts.get());
    type.shape = &shape;
    type.alignment = layout.alignment;
    type.fixed_size = layout.fixed_size;
    std::construct_at(&type.signature, std::move(signature));
    std::construct_at(&type.parts, std::move(parts));
    std::construct_at(&type.of, std::move(of));
    std::construct_at(&type.names, std::move(names));
    std::construct_at(&type.array);
    return made;
}

ref<GVariant> pack_whole(const dbus_type& type, PyObject* value, packing& into) noexcept {
    if (!type.pack(value, into))
        return nullptr;
    if (into.bytes.size() > dbus::detail::message_header::longest_message) {
        into.refuse(PyExc_ValueError, "a message on D-Bus is at most 128 MiB long");
        return nullptr;
    }
    return into.bytes.take(type.variant_type());
}

object unpack_whole(const dbus_type& type, GVariant* value, GUnixFDList* descriptors) noexcept {
    if (!g_variant_is_of_type(value, type.variant_type())) {
        PyErr_Format(PyExc_TypeError, "expected a value of the type %s, not %s",
                     type.signature.c_str(), g_variant_get_type_string(value));
        return {};
    }
    // A user's code that is run may let go of what there is.
    const auto kept = ref<GVariant>::retain(value);
    const auto kept_descriptors = ref<GUnixFDList>::retain(descriptors);
    return type.unpack(kept, {kept_descriptors});
}

bool add_dbus_types(PyObject* module) noexcept {
    descriptors_type = import_type("gi.repository.Gio", "UnixFDList");
    type_of_types = descriptors_type ? add_type(module, specification) : nullptr;
    return type_of_types && add_file_descriptor(module) &&
           PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
