#include "awaiting/plans/to_c.hpp"

#include "gawait/arguments.hpp"
#include "pygobject.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

namespace gawait::python {
namespace {

/// An int whose class has not its own idea of what number it is.
bool is_integer(PyObject* given) noexcept {
    const PyNumberMethods* const numbers = Py_TYPE(given)->tp_as_number;
    return PyLong_Check(given) && numbers->nb_int == PyLong_Type.tp_as_number->nb_int &&
           numbers->nb_index == PyLong_Type.tp_as_number->nb_index;
}

template <class Integer> Integer& place_of(c_value& value) noexcept {
    return *reinterpret_cast<Integer*>(&value);
}

template <class Integer>
bool integer(const parameter&, PyObject* given, c_value& value, call_memory&) noexcept {
    if (!is_integer(given))
        return false;
    if constexpr (std::is_same_v<Integer, guint64>) {
        value.uint64 = PyLong_AsUnsignedLongLong(given);
        if (!PyErr_Occurred())
            return true;
        PyErr_Clear();
        return false;
    } else {
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(given, &overflow);
        if (overflow != 0 || number < std::numeric_limits<Integer>::min() ||
            number > std::numeric_limits<Integer>::max())
            return false;
        place_of<Integer>(value) = static_cast<Integer>(number);
        return true;
    }
}

bool boolean(const parameter&, PyObject* given, c_value& value, call_memory&) noexcept {
    value.int32 = given == Py_True;
    return PyBool_Check(given);
}

template <class Float>
bool floating(const parameter&, PyObject* given, c_value& value, call_memory&) noexcept {
    if (!PyFloat_CheckExact(given))
        return false;
    const double number = PyFloat_AS_DOUBLE(given);
    if (std::isfinite(number) && std::abs(number) > std::numeric_limits<Float>::max())
        return false;
    place_of<Float>(value) = static_cast<Float>(number);
    return true;
}

/// Null, without an exception: it is not for us. Lives as long as the str.
const char* text_of(PyObject* given) noexcept {
    Py_ssize_t length = 0;
    const char* text = PyUnicode_Check(given) ? PyUnicode_AsUTF8AndSize(given, &length) : nullptr;
    PyErr_Clear();
    return text && std::strlen(text) == static_cast<std::size_t>(length) ? text : nullptr;
}

bool null(const parameter& to, PyObject* given, c_value& value) noexcept {
    value.pointer = nullptr;
    return given == Py_None && to.may_be_null;
}

bool text(const parameter& to, PyObject* given, c_value& value, call_memory&) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    value.pointer = const_cast<char*>(text_of(given));
    return value.pointer;
}

const char* filename_of(PyObject* given, call_memory& memory) noexcept {
    auto encoded = PyUnicode_Check(given) ? object::adopt(PyUnicode_EncodeFSDefault(given))
                                          : object::retain(given);
    char* name = nullptr;
    // A null within it is refused.
    if (!encoded || !PyBytes_Check(encoded.get()) ||
        PyBytes_AsStringAndSize(encoded.get(), &name, nullptr) < 0) {
        PyErr_Clear();
        return nullptr;
    }
    memory.objects.push_back(std::move(encoded));
    return name;
}

bool filename(const parameter& to, PyObject* given, c_value& value, call_memory& memory) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    value.pointer = const_cast<char*>(filename_of(given, memory));
    return value.pointer;
}

bool vector(const parameter& to, PyObject* given, c_value& value, call_memory& memory) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    if (!PyList_CheckExact(given) && !PyTuple_CheckExact(given))
        return false;
    // A list may change while C reads it.
    auto items = object::adopt(PySequence_Tuple(given));
    if (!items)
        return false;
    const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(items.get()));
    auto texts = std::make_unique<const char*[]>(count + 1);
    for (std::size_t index = 0; index < count; ++index)
        if (!(texts[index] =
                  text_of(PyTuple_GET_ITEM(items.get(), static_cast<Py_ssize_t>(index)))))
            return false;
    value.pointer = static_cast<void*>(texts.get());
    memory.vectors.push_back(std::move(texts));
    memory.objects.push_back(std::move(items));
    return true;
}

bool is_of(const parameter& to, PyObject* given) noexcept {
    return PyObject_TypeCheck(given, reinterpret_cast<PyTypeObject*>(to.of.get()));
}

/// A member, or for flags also a combination, of the class that Python has for it.
bool member(const parameter& to, PyObject* given, c_value& value, call_memory&) noexcept {
    if (!is_integer(given))
        return false;
    const long long number = PyLong_AsLongLong(given);
    if (number == -1 && PyErr_Occurred()) {
        PyErr_Clear();
        return false;
    }
    value.int32 = static_cast<gint32>(number);
    return is_of(to, given) || (number == 0 && G_TYPE_IS_FLAGS(to.gtype));
}

bool gobject(const parameter& to, PyObject* given, c_value& value, call_memory&) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    if (!pygobject_check(given, &PyGObject_Type))
        return false;
    value.pointer = pygobject_get(given);
    return value.pointer && g_type_is_a(G_OBJECT_TYPE(value.pointer), to.gtype);
}

/// Of the two kinds of PyGObject's that only point to something.
bool pointer(const parameter& to, PyObject* given, c_value& value, call_memory&) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    if (!is_of(to, given))
        return false;
    value.pointer = pyg_boxed_get(given, void);
    if (to.gtype == G_TYPE_BYTES)
        value.pointer = detail::with_data(static_cast<GBytes*>(value.pointer));
    return value.pointer;
}

/// GLib reads them until the operation has ended, when a copy of PyGObject's is long gone.
bool bytes(const parameter& to, PyObject* given, c_value& value, call_memory& memory) noexcept {
    if (given == Py_None)
        return null(to, given, value);
    if (PyBytes_Check(given))
        memory.kept = object::retain(given);
    else if (PyByteArray_Check(given))
        memory.kept = object::adopt(PyBytes_FromObject(given));
    if (!memory.kept)
        return false;
    value.pointer = PyBytes_AS_STRING(memory.kept.get());
    memory.kept_length = PyBytes_GET_SIZE(memory.kept.get());
    return true;
}

/// Memory for GLib to write into: so many bytes, or a buffer, which is locked for as long.
bool buffer(const parameter&, PyObject* given, c_value& value, call_memory& memory) noexcept {
    if (is_integer(given)) {
        memory.kept_length = PyLong_AsSsize_t(given);
        if (memory.kept_length < 0) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a number of bytes cannot be negative");
            return false;
        }
        memory.kept = object::adopt(PyBytes_FromStringAndSize(nullptr, memory.kept_length));
        if (!memory.kept)
            return false;
        value.pointer = PyBytes_AS_STRING(memory.kept.get());
        return true;
    }
    memory.kept = object::adopt(PyMemoryView_FromObject(given));
    if (!memory.kept)
        return false;
    const Py_buffer* const view = PyMemoryView_GET_BUFFER(memory.kept.get());
    if (view->readonly || !PyBuffer_IsContiguous(view, 'C')) {
        PyErr_SetString(PyExc_TypeError, "a buffer to be filled must be writable and contiguous");
        return false;
    }
    value.pointer = view->buf;
    memory.kept_length = view->len;
    return true;
}

bool left_out(const parameter&, PyObject* given, c_value& value, call_memory&) noexcept {
    value.pointer = nullptr;
    return given == Py_None || (PyTuple_CheckExact(given) && PyTuple_GET_SIZE(given) == 0);
}

struct kind {
    std::string_view name;
    ffi_type* type;
    to_c convert;
};

const kind kinds[] = {
    {"gboolean", &ffi_type_sint32, boolean},
    {"gint8", &ffi_type_sint8, integer<gint8>},
    {"guint8", &ffi_type_uint8, integer<guint8>},
    {"gint16", &ffi_type_sint16, integer<gint16>},
    {"guint16", &ffi_type_uint16, integer<guint16>},
    {"gint32", &ffi_type_sint32, integer<gint32>},
    {"guint32", &ffi_type_uint32, integer<guint32>},
    {"gint64", &ffi_type_sint64, integer<gint64>},
    {"guint64", &ffi_type_uint64, integer<guint64>},
    {"gfloat", &ffi_type_float, floating<gfloat>},
    {"gdouble", &ffi_type_double, floating<gdouble>},
    {"utf8", &ffi_type_pointer, text},
    {"filename", &ffi_type_pointer, filename},
    {"strv", &ffi_type_pointer, vector},
    {"member", &ffi_type_sint32, member},
    {"object", &ffi_type_pointer, gobject},
    {"boxed", &ffi_type_pointer, pointer},
    {"variant", &ffi_type_pointer, pointer},
    {"bytes", &ffi_type_pointer, bytes},
    {"buffer", &ffi_type_pointer, buffer},
    {"none", &ffi_type_pointer, left_out},
};

} // namespace

bool set_kind(parameter& to, const char* name) noexcept { return set_by_name(to, kinds, name); }

} // namespace gawait::python
