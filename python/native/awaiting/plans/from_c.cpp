#include "awaiting/plans/from_c.hpp"

#include "pygobject.hpp"
#include "variant.hpp"

#include <cstring>
#include <memory>
#include <string_view>

namespace gawait::python {
namespace {

struct free_memory {
    void operator()(void* memory) const noexcept { g_free(memory); }
};

/// Of memory that C gave away.
template <class Type> using owned_if = std::unique_ptr<Type, free_memory>;

template <class Type> owned_if<Type> take(const result& from, c_value& value) noexcept {
    return owned_if<Type>(from.owned ? static_cast<Type*>(value.pointer) : nullptr);
}

object none() noexcept { return object::retain(Py_None); }

object nothing(const result&, c_value&, gsize) noexcept { return none(); }

object boolean(const result&, c_value& value, gsize) noexcept {
    return object::adopt(PyBool_FromLong(value.int32));
}

template <class Integer> object integer(const result&, c_value& value, gsize) noexcept {
    const Integer number = *reinterpret_cast<Integer*>(&value);
    if constexpr (std::is_signed_v<Integer>)
        return object::adopt(PyLong_FromLongLong(number));
    else
        return object::adopt(PyLong_FromUnsignedLongLong(number));
}

object float32(const result&, c_value& value, gsize) noexcept {
    return object::adopt(PyFloat_FromDouble(static_cast<double>(value.float32)));
}

object float64(const result&, c_value& value, gsize) noexcept {
    return object::adopt(PyFloat_FromDouble(value.float64));
}

object text(const result& from, c_value& value, gsize) noexcept {
    const auto owned = take<char>(from, value);
    return value.pointer
               ? object::adopt(PyUnicode_FromString(static_cast<const char*>(value.pointer)))
               : none();
}

object filename(const result& from, c_value& value, gsize) noexcept {
    const auto owned = take<char>(from, value);
    return value.pointer
               ? object::adopt(PyUnicode_DecodeFSDefault(static_cast<const char*>(value.pointer)))
               : none();
}

object enumeration(const result& from, c_value& value, gsize) noexcept {
    return object::adopt(pyg_enum_from_gtype(from.gtype, value.int32));
}

object flags(const result& from, c_value& value, gsize) noexcept {
    return object::adopt(pyg_flags_from_gtype(from.gtype, value.uint32));
}

object gobject(const result& from, c_value& value, gsize) noexcept {
    auto* const pointer = static_cast<GObject*>(value.pointer);
    return pointer ? object::adopt(pygobject_new_full(pointer, from.owned, nullptr)) : none();
}

// PyGObject's objects of the two kinds that only point to something, as it makes them itself, but
// without looking for the class each time.

object boxed(const result& from, c_value& value, gsize) noexcept {
    if (!value.pointer)
        return none();
    auto* const type = reinterpret_cast<PyTypeObject*>(from.of.get());
    auto made = object::adopt(type->tp_alloc(type, 0));
    if (auto* const into = reinterpret_cast<PyGBoxed*>(made.get())) {
        into->boxed = from.owned ? value.pointer : g_boxed_copy(from.gtype, value.pointer);
        into->gtype = from.gtype;
        into->free_on_dealloc = true;
    } else if (from.owned)
        g_boxed_free(from.gtype, value.pointer);
    return made;
}

object variant(const result& from, c_value& value, gsize) noexcept {
    auto* const pointer = static_cast<GVariant*>(value.pointer);
    if (!pointer)
        return none();
    return variant_object(ref<GVariant>::adopt(from.owned ? pointer : g_variant_ref_sink(pointer)));
}

object bytes(const result& from, c_value& value, gsize length) noexcept {
    const auto owned = take<char>(from, value);
    const char* const from_here = value.pointer ? static_cast<const char*>(value.pointer) : "";
    return object::adopt(
        PyBytes_FromStringAndSize(from_here, value.pointer ? static_cast<Py_ssize_t>(length) : 0));
}

object bytes_to_null(const result& from, c_value& value, gsize) noexcept {
    const auto* const begin = static_cast<const char*>(value.pointer);
    return bytes(from, value, begin ? std::strlen(begin) : 0);
}

/// A list of so many elements; on failure those that are left are converted too, which frees them.
template <class Next> object list_of(const result& from, gsize count, Next next) noexcept {
    auto list = object::adopt(PyList_New(0));
    for (gsize index = 0; index < count; ++index) {
        c_value item{};
        item.pointer = next();
        object failure = PyErr_Occurred() ? take_exception() : object();
        const object made = from.item->convert(*from.item, item, 0);
        if (failure) {
            PyErr_Clear();
            raise(std::move(failure));
        } else if (made && list && PyList_Append(list.get(), made.get()) < 0)
            list = {};
    }
    return PyErr_Occurred() ? object() : list;
}

object vector(const result& from, c_value& value, gsize) noexcept {
    const auto owned = take<char*>(from, value);
    auto** next = static_cast<char**>(value.pointer);
    return list_of(from, next ? g_strv_length(next) : 0, [&] { return *next++; });
}

template <class List, guint (*count)(List*), void (*free)(List*)>
object linked(const result& from, c_value& value, gsize) noexcept {
    auto* const first = static_cast<List*>(value.pointer);
    List* next = first;
    object made =
        list_of(from, count(first), [&] { return std::exchange(next, next->next)->data; });
    if (from.owned)
        free(first);
    return made;
}

struct kind {
    std::string_view name;
    ffi_type* type;
    from_c convert;
};

const kind kinds[] = {
    {"void", &ffi_type_void, nothing},
    {"gboolean", &ffi_type_sint32, boolean},
    {"gint8", &ffi_type_sint8, integer<gint8>},
    {"guint8", &ffi_type_uint8, integer<guint8>},
    {"gint16", &ffi_type_sint16, integer<gint16>},
    {"guint16", &ffi_type_uint16, integer<guint16>},
    {"gint32", &ffi_type_sint32, integer<gint32>},
    {"guint32", &ffi_type_uint32, integer<guint32>},
    {"gint64", &ffi_type_sint64, integer<gint64>},
    {"guint64", &ffi_type_uint64, integer<guint64>},
    {"gfloat", &ffi_type_float, float32},
    {"gdouble", &ffi_type_double, float64},
    {"utf8", &ffi_type_pointer, text},
    {"filename", &ffi_type_pointer, filename},
    {"enum", &ffi_type_sint32, enumeration},
    {"flags", &ffi_type_uint32, flags},
    {"object", &ffi_type_pointer, gobject},
    {"boxed", &ffi_type_pointer, boxed},
    {"variant", &ffi_type_pointer, variant},
    {"bytes", &ffi_type_pointer, bytes},
    {"bytes_to_null", &ffi_type_pointer, bytes_to_null},
    {"strv", &ffi_type_pointer, vector},
    {"glist", &ffi_type_pointer, linked<GList, g_list_length, g_list_free>},
    {"gslist", &ffi_type_pointer, linked<GSList, g_slist_length, g_slist_free>},
};

} // namespace

bool set_kind(result& from, const char* name) noexcept { return set_by_name(from, kinds, name); }

} // namespace gawait::python
