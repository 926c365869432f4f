#include "dbus/members.hpp"
#include "dbus/type.hpp"

namespace gawait::python {
namespace {

bool refuse_other_class(const dbus_type& type, PyObject* value, packing& into) noexcept {
    return into.refuse_type(reinterpret_cast<PyTypeObject*>(type.of.get())->tp_name, value);
}

// Dataclasses and NamedTuples ------------------------------------------------------

object field_of(const dbus_type& type, PyObject* value, Py_ssize_t index) noexcept {
    return object::adopt(PyObject_GetAttr(value, type.name(index)));
}

bool pack_structure(const dbus_type& type, PyObject* value, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return false;
    if (!type.is_of(value))
        return refuse_other_class(type, value, into);
    return pack_members(type, type.fixed_size != 0, into, [&](Py_ssize_t index) {
        const object field = field_of(type, value, index);
        return (field && type.part(index).pack(field.get(), into)) ||
               into.in_field(type.name(index));
    });
}

/// By the names of its fields, whose order its class may have changed.
object unpack_structure(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    const object fields = unpack_members(type, value, from);
    return fields ? object::adopt(PyObject_Vectorcall(
                        type.of.get(), &PyTuple_GET_ITEM(fields.get(), 0), 0, type.names.get()))
                  : object();
}

// Members of enumerations ----------------------------------------------------------

bool pack_member(const dbus_type& type, PyObject* value, packing& into) noexcept {
    static PyObject* const value_name = PyUnicode_InternFromString("_value_");
    if (!type.is_of(value))
        return refuse_other_class(type, value, into);
    const auto inside = object::adopt(PyObject_GetAttr(value, value_name));
    return inside && type.part(0).pack(inside.get(), into);
}

object unpack_member(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    const object inside = type.part(0).unpack(value, from);
    return inside ? object::adopt(PyObject_CallOneArg(type.of.get(), inside.get())) : object();
}

const dbus_shape shapes[] = {
    {"structure", pack_structure, unpack_structure},
    {"member", pack_member, unpack_member},
};

} // namespace

const dbus_shape* class_shape(std::string_view name) noexcept { return shape_named(shapes, name); }

} // namespace gawait::python
