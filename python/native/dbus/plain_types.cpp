#include "dbus/plain_types.hpp"

#include "dbus/file_descriptor.hpp"
#include "variant.hpp"

#include <array>
#include <limits>

namespace gawait::python {
namespace {

// Made once.
PyObject* type_of_class;
std::array<PyObject*, 128> basic_types; // by their letters
PyObject* bytes_type;
PyObject* variant_type; // what is inside is seen
PyObject* options_type; // a{sv}

object type_for(char letter) noexcept {
    return object::retain(basic_types[static_cast<unsigned char>(letter)]);
}

const dbus_type& type_in(const object& type) noexcept {
    return *reinterpret_cast<const dbus_type*>(type.get());
}

bool is_same(const dbus_type& one, const dbus_type& other) noexcept {
    if (&one == &other)
        return true;
    if (one.shape != other.shape || one.signature != other.signature ||
        one.of.get() != other.of.get())
        return false;
    for (Py_ssize_t index = 0; index < one.count(); ++index)
        if (!is_same(one.part(index), other.part(index)))
            return false;
    return true;
}

/// Kept by what it is made of.
object array_of(const object& element) noexcept {
    const dbus_type& type = type_in(element);
    if (!type.array) {
        auto parts = object::adopt(PyTuple_Pack(1, element.get()));
        if (parts)
            type.array =
                new_dbus_type(*container_shape("list"), "a" + type.signature, std::move(parts));
    }
    return type.array;
}

object type_of_integer(PyObject* value, packing& into) noexcept {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow == 0)
        return type_for(std::in_range<gint32>(number) ? 'i' : 'x');
    std::ignore = PyLong_AsUnsignedLongLong(value);
    if (!PyErr_Occurred())
        return type_for('t');
    PyErr_Clear();
    into.refuse(PyExc_OverflowError, "the int is not between %lld and %llu",
                std::numeric_limits<gint64>::min(), std::numeric_limits<guint64>::max());
    return {};
}

object type_of_list(PyObject* list, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return {};
    object first;
    bool is_mixed = false;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list); ++index) {
        const auto item = object::retain(PyList_GET_ITEM(list, index));
        const object found = plain_type_of(item.get(), into);
        if (!found) {
            into.in_item(index);
            return {};
        }
        is_mixed = is_mixed || (first && !is_same(type_in(first), type_in(found)));
        first = first ? first : found;
    }
    return array_of(first && !is_mixed ? first : object::retain(variant_type));
}

object type_of_tuple(PyObject* tuple, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return {};
    const Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    if (count == 0) {
        into.refuse(PyExc_TypeError, "an empty tuple has no D-Bus type");
        return {};
    }
    auto parts = object::adopt(PyTuple_New(count));
    std::string signature = "(";
    for (Py_ssize_t index = 0; parts && index < count; ++index) {
        object found = plain_type_of(PyTuple_GET_ITEM(tuple, index), into);
        if (!found) {
            into.in_item(index);
            return {};
        }
        signature += type_in(found).signature;
        PyTuple_SET_ITEM(parts.get(), index, found.release());
    }
    return parts ? new_dbus_type(*container_shape("tuple"), signature + ")", std::move(parts))
                 : object();
}

object type_of_keys(PyObject* keys, packing& into) noexcept {
    object first;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(keys); ++index) {
        PyObject* const key = PyList_GET_ITEM(keys, index);
        const object found = plain_type_of(key, into);
        if (!found) {
            into.in_key(key);
            return {};
        }
        if (type_in(found).signature.size() > 1 || type_in(found).signature == "v" ||
            (first && !is_same(type_in(first), type_in(found)))) {
            into.refuse(PyExc_TypeError, "a dict with such keys, or keys of several types, has no "
                                         "D-Bus type");
            into.in_key(key);
            return {};
        }
        first = first ? first : found;
    }
    return first ? first : type_for('s');
}

bool has_text_keys(PyObject* dict) noexcept {
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    while (PyDict_Next(dict, &position, &key, nullptr))
        if (!PyUnicode_CheckExact(key))
            return false;
    return true;
}

object type_of_mapping(PyObject* value, packing& into) noexcept {
    if (PyDict_CheckExact(value) && has_text_keys(value))
        return object::retain(options_type);
    const auto keys = object::adopt(PyMapping_Keys(value));
    const object key = keys ? type_of_keys(keys.get(), into) : object();
    auto parts = key ? object::adopt(PyTuple_Pack(2, key.get(), variant_type)) : object();
    return parts ? new_dbus_type(*container_shape("dict"), "a{" + type_in(key).signature + "v}",
                                 std::move(parts))
                 : object();
}

bool is_instance(PyObject* value, char letter) noexcept {
    return type_in(type_for(letter)).is_of(value);
}

/// Of anything but an object of Python's own classes itself.
object type_of_other(PyObject* value, packing& into) noexcept {
    if (variant_in(value))
        return object::retain(variant_type);
    if (is_file_descriptor(value))
        return type_for('h');
    object declared = object::adopt(
        PyObject_CallOneArg(type_of_class, reinterpret_cast<PyObject*>(Py_TYPE(value))));
    if (declared.get() != Py_None)
        return declared; // or nothing, with an exception set
    if (PyLong_Check(value))
        return type_of_integer(value, into);
    if (PyFloat_Check(value))
        return type_for('d');
    if (PyUnicode_Check(value))
        return type_for(is_instance(value, 'o') ? 'o' : is_instance(value, 'g') ? 'g' : 's');
    if (PyBytes_Check(value) || PyByteArray_Check(value) || PyMemoryView_Check(value))
        return object::retain(bytes_type);
    if (PyList_Check(value))
        return type_of_list(value, into);
    if (PyTuple_Check(value))
        return type_of_tuple(value, into);
    if (PyDict_Check(value))
        return type_of_mapping(value, into);
    into.refuse(PyExc_TypeError, "%.200s has no D-Bus type", Py_TYPE(value)->tp_name);
    return {};
}

bool prepare_basic(char letter, PyObject* of) noexcept {
    const std::string signature(1, letter);
    auto made = new_dbus_type(*basic_shape(signature), signature, object::adopt(PyTuple_New(0)),
                              object::retain(of));
    return (basic_types[static_cast<unsigned char>(letter)] = made.release());
}

PyObject* prepare_other(const dbus_shape* shape, const char* signature, object parts) noexcept {
    return parts ? new_dbus_type(*shape, signature, std::move(parts)).release() : nullptr;
}

} // namespace

object plain_type_of(PyObject* value, packing& into) noexcept {
    PyTypeObject* const kind = Py_TYPE(value);
    if (kind == &PyUnicode_Type)
        return type_for('s');
    if (kind == &PyBool_Type)
        return type_for('b');
    if (kind == &PyLong_Type)
        return type_of_integer(value, into);
    if (kind == &PyFloat_Type)
        return type_for('d');
    if (kind == &PyBytes_Type)
        return object::retain(bytes_type);
    if (kind == &PyList_Type)
        return type_of_list(value, into);
    if (kind == &PyTuple_Type)
        return type_of_tuple(value, into);
    if (kind == &PyDict_Type)
        return type_of_mapping(value, into);
    return type_of_other(value, into);
}

const dbus_type& plain_basic_type(char letter) noexcept {
    return *reinterpret_cast<const dbus_type*>(basic_types[static_cast<unsigned char>(letter)]);
}

const dbus_type& plain_bytes_type() noexcept {
    return *reinterpret_cast<const dbus_type*>(bytes_type);
}

bool prepare_plain_types(PyObject* of_class, PyObject* object_path, PyObject* signature) noexcept {
    type_of_class = Py_NewRef(of_class);
    for (const char letter : std::string_view("bynqiuxtdsh"))
        if (!prepare_basic(letter, nullptr))
            return false;
    if (!prepare_basic('o', object_path) || !prepare_basic('g', signature))
        return false;
    bytes_type = prepare_other(container_shape("bytes"), "ay",
                               object::adopt(PyTuple_Pack(1, type_for('y').get())));
    variant_type = prepare_other(variant_shape("object"), "v", object::adopt(PyTuple_New(0)));
    options_type =
        variant_type
            ? prepare_other(container_shape("dict"), "a{sv}",
                            object::adopt(PyTuple_Pack(2, type_for('s').get(), variant_type)))
            : nullptr;
    return bytes_type && options_type;
}

} // namespace gawait::python
