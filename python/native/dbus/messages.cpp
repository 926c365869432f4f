#include "dbus/members.hpp"
#include "dbus/type.hpp"

namespace gawait::python {
namespace {

// What is in a message is written as a structure, without being one.

bool pack_arguments(const dbus_type& type, PyObject* value, packing& into) noexcept {
    if (!PyTuple_Check(value) && !PyList_Check(value))
        return into.refuse_type("tuple", value);
    const auto values =
        PyTuple_Check(value) ? object::retain(value) : object::adopt(PyList_AsTuple(value));
    if (!values)
        return false;
    if (PyTuple_GET_SIZE(values.get()) != type.count())
        return into.refuse(PyExc_TypeError, "expected %zd values, not %zd", type.count(),
                           PyTuple_GET_SIZE(values.get()));
    const bool is_named = PyTuple_GET_SIZE(type.names.get()) > 0;
    return pack_members(type, type.fixed_size != 0, into, [&](Py_ssize_t index) {
        return type.part(index).pack(PyTuple_GET_ITEM(values.get(), index), into) ||
               (is_named ? into.in_argument(type.name(index)) : into.in_item(index));
    });
}

bool pack_single(const dbus_type& type, PyObject* value, packing& into) noexcept {
    return pack_members(type, type.fixed_size != 0, into,
                        [&](Py_ssize_t index) { return type.part(index).pack(value, into); });
}

object unpack_single(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    return type.part(0).unpack(child_of(value, 0), from);
}

bool pack_nothing(const dbus_type& type, PyObject* value, packing& into) noexcept {
    if (value != Py_None)
        return into.refuse_type("None", value);
    return pack_members(type, true, into, [](Py_ssize_t) { return true; });
}

object unpack_nothing(const dbus_type&, GVariant*, const unpacking&) noexcept {
    return object::retain(Py_None);
}

const dbus_shape shapes[] = {
    {"arguments", pack_arguments, unpack_members},
    {"single", pack_single, unpack_single},
    {"nothing", pack_nothing, unpack_nothing},
};

} // namespace

const dbus_shape* message_shape(std::string_view name) noexcept {
    return shape_named(shapes, name);
}

} // namespace gawait::python
