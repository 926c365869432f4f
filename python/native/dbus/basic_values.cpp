#include "dbus/file_descriptor.hpp"
#include "dbus/signature.hpp"
#include "dbus/type.hpp"

#include <gio/gunixfdlist.h>

#include <limits>

namespace gawait::python {
namespace {

bool pack_boolean(const dbus_type&, PyObject* value, packing& into) noexcept {
    if (!PyBool_Check(value))
        return into.refuse_type("bool", value);
    into.bytes.put<guint8>(value == Py_True);
    return true;
}

object unpack_boolean(const dbus_type&, GVariant* value, const unpacking&) noexcept {
    return object::adopt(PyBool_FromLong(g_variant_get_boolean(value)));
}

/// The int of an int, or of what counts as one; null if it was refused, or with an exception set.
object integer_of(PyObject* value, packing& into) noexcept {
    if (PyBool_Check(value) || !PyIndex_Check(value)) {
        into.refuse_type("int", value);
        return {};
    }
    return object::adopt(PyNumber_Index(value));
}

template <class Integer> bool refuse_range(packing& into) noexcept {
    using limits = std::numeric_limits<Integer>;
    return into.refuse(PyExc_OverflowError, "the int is not between %lld and %llu",
                       static_cast<long long>(limits::min()),
                       static_cast<unsigned long long>(limits::max()));
}

template <class Integer>
bool pack_integer(const dbus_type&, PyObject* value, packing& into) noexcept {
    const object number =
        PyLong_CheckExact(value) ? object::retain(value) : integer_of(value, into);
    if (!number)
        return false;
    if constexpr (std::is_same_v<Integer, guint64>) {
        const unsigned long long converted = PyLong_AsUnsignedLongLong(number.get());
        if (PyErr_Occurred()) {
            PyErr_Clear();
            return refuse_range<Integer>(into);
        }
        into.bytes.put<Integer>(converted);
    } else {
        int overflow = 0;
        const long long converted = PyLong_AsLongLongAndOverflow(number.get(), &overflow);
        if (overflow != 0 || !std::in_range<Integer>(converted))
            return refuse_range<Integer>(into);
        into.bytes.put(static_cast<Integer>(converted));
    }
    return true;
}

template <class Number> object number_object(Number number) noexcept {
    if constexpr (std::is_floating_point_v<Number>)
        return object::adopt(PyFloat_FromDouble(number));
    else if constexpr (std::is_signed_v<Number>)
        return object::adopt(PyLong_FromLongLong(number));
    else
        return object::adopt(PyLong_FromUnsignedLongLong(number));
}

template <auto get>
object unpack_number(const dbus_type&, GVariant* value, const unpacking&) noexcept {
    return number_object(get(value));
}

template <class Number> object load_number(const char* data) noexcept {
    Number number{};
    std::memcpy(&number, data, sizeof number);
    return number_object(number);
}

bool pack_double(const dbus_type&, PyObject* value, packing& into) noexcept {
    if (PyFloat_CheckExact(value)) {
        into.bytes.put(PyFloat_AS_DOUBLE(value));
        return true;
    }
    const PyNumberMethods* const numbers = Py_TYPE(value)->tp_as_number;
    if (PyBool_Check(value) || !numbers || !(numbers->nb_float || numbers->nb_index))
        return into.refuse_type("float", value);
    const double number = PyFloat_AsDouble(value);
    if (number == -1 && PyErr_Occurred()) {
        if (!PyLong_Check(value))
            return false;
        PyErr_Clear();
        return into.refuse(PyExc_OverflowError, "the int is too large for a float");
    }
    into.bytes.put(number);
    return true;
}

/// As it is in C, as long as the str lives. Null if it was refused.
const char* text_of(PyObject* value, Py_ssize_t& length, packing& into) noexcept {
    if (!PyUnicode_Check(value)) {
        into.refuse_type("str", value);
        return nullptr;
    }
    const char* const text = PyUnicode_AsUTF8AndSize(value, &length);
    if (!text) {
        PyErr_Clear();
        into.refuse(PyExc_ValueError, "%.200A has a lone surrogate, which D-Bus has no text for",
                    value);
    } else if (std::memchr(text, 0, static_cast<std::size_t>(length))) {
        into.refuse(PyExc_ValueError, "%.200A has a null character", value);
        return nullptr;
    }
    return text;
}

using is_text = gboolean (*)(const char*);

gboolean is_any_text(const char*) { return true; }

template <is_text is_valid>
bool pack_text(const dbus_type& type, PyObject* value, packing& into) noexcept {
    Py_ssize_t length = 0;
    const char* const text = text_of(value, length, into);
    if (!text)
        return false;
    if (!is_valid(text))
        return into.refuse(PyExc_ValueError, "%.200R is not %s", value,
                           type.signature == "o" ? "an object path" : "a D-Bus signature");
    const auto size = static_cast<gsize>(length) + 1;
    std::memcpy(into.bytes.extend(size), text, size);
    return true;
}

object unpack_text(const dbus_type& type, GVariant* value, const unpacking&) noexcept {
    gsize length = 0;
    const char* const text = g_variant_get_string(value, &length);
    auto made = object::adopt(PyUnicode_FromStringAndSize(text, static_cast<Py_ssize_t>(length)));
    if (!made || !type.of)
        return made;
    // It need not be looked at again.
    const auto arguments = object::adopt(PyTuple_Pack(1, made.get()));
    auto* const class_ = reinterpret_cast<PyTypeObject*>(type.of.get());
    return arguments ? object::adopt(PyUnicode_Type.tp_new(class_, arguments.get(), nullptr))
                     : object();
}

gboolean is_signature(const char* text) { return !fault_of_types(text); }

bool pack_handle(const dbus_type&, PyObject* value, packing& into) noexcept {
    static PyObject* const fileno = PyUnicode_InternFromString("fileno");
    if (PyBool_Check(value) || !(PyLong_Check(value) || PyObject_HasAttr(value, fileno)))
        return into.refuse_type("a file descriptor or what has a fileno()", value);
    if (PyLong_Check(value)) {
        int overflow = 0;
        const long number = PyLong_AsLongAndOverflow(value, &overflow);
        if (overflow != 0 || number < 0 || !std::in_range<int>(number))
            return into.refuse(PyExc_ValueError, "the int is no file descriptor");
    }
    const int descriptor = PyObject_AsFileDescriptor(value);
    const int index = descriptor < 0 ? -1 : into.add_descriptor(descriptor);
    if (index < 0)
        return false;
    into.bytes.put<gint32>(index);
    return true;
}

object unpack_handle(const dbus_type&, GVariant* value, const unpacking& from) noexcept {
    const gint32 index = g_variant_get_handle(value);
    const int count = from.descriptors ? g_unix_fd_list_get_length(from.descriptors) : 0;
    if (index < 0 || index >= count) {
        PyErr_Format(PyExc_ValueError, "file descriptor %d did not come with the value", index);
        return {};
    }
    GError* failure = nullptr;
    const int descriptor = g_unix_fd_list_get(from.descriptors, index, &failure);
    if (descriptor < 0) {
        PyErr_SetString(PyExc_OSError, failure->message);
        g_error_free(failure);
        return {};
    }
    return new_file_descriptor(descriptor);
}

const dbus_shape shapes[] = {
    {"b", pack_boolean, unpack_boolean},
    {"y", pack_integer<guint8>, unpack_number<g_variant_get_byte>, load_number<guint8>},
    {"n", pack_integer<gint16>, unpack_number<g_variant_get_int16>, load_number<gint16>},
    {"q", pack_integer<guint16>, unpack_number<g_variant_get_uint16>, load_number<guint16>},
    {"i", pack_integer<gint32>, unpack_number<g_variant_get_int32>, load_number<gint32>},
    {"u", pack_integer<guint32>, unpack_number<g_variant_get_uint32>, load_number<guint32>},
    {"x", pack_integer<gint64>, unpack_number<g_variant_get_int64>, load_number<gint64>},
    {"t", pack_integer<guint64>, unpack_number<g_variant_get_uint64>, load_number<guint64>},
    {"d", pack_double, unpack_number<g_variant_get_double>, load_number<double>},
    {"s", pack_text<is_any_text>, unpack_text},
    {"o", pack_text<g_variant_is_object_path>, unpack_text},
    {"g", pack_text<is_signature>, unpack_text},
    {"h", pack_handle, unpack_handle},
};

} // namespace

const dbus_shape* basic_shape(std::string_view signature) noexcept {
    return shape_named(shapes, signature);
}

} // namespace gawait::python
