#include "variant.hpp"

#include "dbus/members.hpp"
#include "dbus/plain_types.hpp"
#include "dbus/signature.hpp"
#include "dbus/type.hpp"

namespace gawait::python {
namespace {

// Variants that stay variants ------------------------------------------------------

/// Whether D-Bus allows the types that are in a value, of a type that it has, and so many
/// containers in one another.
bool check_inside(GVariant* value, packing& into) noexcept;

/// Whether D-Bus has such a value. GDBus would warn of one with a type that D-Bus has not, and
/// send nothing, and the bus drops who sends what is beyond a limit.
bool check_fit(GVariant* value, packing& into) noexcept {
    const char* const signature = g_variant_get_type_string(value);
    const char* const fault = fault_of_signature(signature);
    if (!fault)
        return check_inside(value, into);
    if (std::strchr(signature, 'm'))
        return into.refuse(PyExc_ValueError,
                           "D-Bus has no type for values that may be missing, as %s", signature);
    return into.refuse(PyExc_ValueError, "%.300s %s", signature, fault);
}

/// GVariant takes more for a signature than D-Bus.
bool check_signature(GVariant* value, packing& into) noexcept {
    const char* const signature = g_variant_get_string(value, nullptr);
    return !fault_of_types(signature) ||
           into.refuse(PyExc_ValueError, "'%.200s' is not a D-Bus signature", signature);
}

bool check_inside(GVariant* value, packing& into) noexcept {
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_SIGNATURE))
        return check_signature(value, into);
    if (!g_variant_is_container(value))
        return true;
    const packing::nested depth(into);
    if (!depth)
        return false;
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT))
        return check_fit(child_of(value, 0), into);
    gsize count = g_variant_n_children(value);
    if (count > 1 && g_variant_is_of_type(value, G_VARIANT_TYPE_ARRAY) &&
        !std::strpbrk(g_variant_get_type_string(value), "vg"))
        count = 1; // the others are alike
    for (gsize index = 0; index < count; ++index)
        if (!check_inside(child_of(value, index), into))
            return false;
    return true;
}

bool put_value(GVariant* value, packing& into) noexcept {
    if (!check_fit(value, into))
        return false;
    const auto normal = ref<GVariant>::adopt(g_variant_get_normal_form(value));
    g_variant_store(normal, into.bytes.extend(g_variant_get_size(normal)));
    return true;
}

/// Behind the value of a variant.
void put_type(const char* signature, packing& into) noexcept {
    const gsize length = std::strlen(signature);
    char* const space = into.bytes.extend(1 + length);
    space[0] = '\0';
    std::memcpy(space + 1, signature, length);
}

bool put_variant(GVariant* value, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth || !put_value(value, into))
        return false;
    put_type(g_variant_get_type_string(value), into);
    return true;
}

bool pack_variant(const dbus_type& type, PyObject* value, packing& into) noexcept {
    GVariant* const given = variant_in(value);
    if (!given)
        return into.refuse_type("GLib.Variant", value);
    if (type.signature == "v")
        return put_variant(given, into);
    if (type.signature != g_variant_get_type_string(given))
        return into.refuse(PyExc_TypeError, "expected GLib.Variant of type %s, not %.300s",
                           type.signature.c_str(), g_variant_get_type_string(given));
    return put_value(given, into);
}

object unpack_variant(const dbus_type& type, GVariant* value, const unpacking&) noexcept {
    return variant_object(type.signature == "v" ? child_of(value, 0)
                                                : ref<GVariant>::retain(value));
}

// Variants that are seen as what is inside ------------------------------------------

bool pack_object(const dbus_type&, PyObject* value, packing& into) noexcept {
    if (GVariant* const given = variant_in(value))
        return put_variant(given, into);
    const packing::nested depth(into);
    if (!depth)
        return false;
    const object found = plain_type_of(value, into);
    if (!found)
        return false;
    const auto& type = *reinterpret_cast<const dbus_type*>(found.get());
    if (const char* const fault = fault_of_signature(type.signature.c_str()))
        return into.refuse(PyExc_ValueError, "its type %.300s %s", type.signature.c_str(), fault);
    if (!type.pack(value, into))
        return false;
    put_type(type.signature.c_str(), into);
    return true;
}

object unpack_object(const dbus_type&, GVariant* value, const unpacking& from) noexcept {
    return unpack_plain(value, from);
}

object unpack_plain_array(GVariant* array, const unpacking& from) noexcept {
    const gsize count = g_variant_n_children(array);
    auto list = object::adopt(PyList_New(static_cast<Py_ssize_t>(count)));
    for (gsize index = 0; list && index < count; ++index) {
        object item = unpack_plain(child_of(array, index), from);
        if (!item)
            return {};
        PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(index), item.release());
    }
    return list;
}

object unpack_plain_dictionary(GVariant* array, const unpacking& from) noexcept {
    auto dict = object::adopt(PyDict_New());
    const gsize count = g_variant_n_children(array);
    for (gsize index = 0; dict && index < count; ++index) {
        const auto entry = child_of(array, index);
        const object key = unpack_plain(child_of(entry, 0), from);
        const object value = key ? unpack_plain(child_of(entry, 1), from) : object();
        if (!value || PyDict_SetItem(dict.get(), key.get(), value.get()) < 0)
            return {};
    }
    return dict;
}

object unpack_plain_structure(GVariant* structure, const unpacking& from) noexcept {
    const gsize count = g_variant_n_children(structure);
    auto tuple = object::adopt(PyTuple_New(static_cast<Py_ssize_t>(count)));
    for (gsize index = 0; tuple && index < count; ++index) {
        object item = unpack_plain(child_of(structure, index), from);
        if (!item)
            return {};
        PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(index), item.release());
    }
    return tuple;
}

object unpack_plain_container(GVariant* value, const unpacking& from) noexcept {
    const char* const signature = g_variant_get_type_string(value);
    switch (signature[0]) {
    case 'v':
        return unpack_plain(child_of(value, 0), from);
    case 'm': // of no use on D-Bus, but in a variant of Python's
        return g_variant_n_children(value) > 0 ? unpack_plain(child_of(value, 0), from)
                                               : object::retain(Py_None);
    case 'a':
        if (signature[1] == '{')
            return unpack_plain_dictionary(value, from);
        return unpack_plain_array(value, from);
    default:
        return unpack_plain_structure(value, from);
    }
}

const dbus_shape shapes[] = {
    {"variant", pack_variant, unpack_variant},
    {"object", pack_object, unpack_object},
};

} // namespace

object unpack_plain(GVariant* value, const unpacking& from) noexcept {
    const char* const signature = g_variant_get_type_string(value);
    if (signature[1] == '\0' && signature[0] != 'v')
        return plain_basic_type(signature[0]).unpack(value, from);
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_BYTESTRING))
        return plain_bytes_type().unpack(value, from);
    if (Py_EnterRecursiveCall(" while a variant was unpacked"))
        return {};
    object made = unpack_plain_container(value, from);
    Py_LeaveRecursiveCall();
    return made;
}

const dbus_shape* variant_shape(std::string_view name) noexcept {
    return shape_named(shapes, name);
}

} // namespace gawait::python
