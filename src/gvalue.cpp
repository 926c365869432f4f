#include "gawait/gvalue.hpp"

#include <string_view>

namespace gawait::detail {
namespace {

/// "T" of a template function's name: "... [with T = _GFile; ...]", "... [T = _GFile]".
std::string_view spelled_in(std::string_view function) noexcept {
    const std::string_view before = "T = ";
    const auto begin = function.find(before) + before.size();
    const auto end = function.find(';', begin);
    return function.substr(begin,
                           (end == std::string_view::npos ? function.rfind(']') : end) - begin);
}

/// What GObject calls the type of a structure or an enumeration: the structure has an underscore
/// before that.
std::string gtype_name_of(const gvalue_kind& kind) {
    if (kind.gtype_name)
        return kind.gtype_name;
    std::string_view name = spelled_in(kind.named);
    if (const auto scope = name.rfind(':'); scope != std::string_view::npos)
        name.remove_prefix(scope + 1);
    if (name.starts_with('_'))
        name.remove_prefix(1);
    return std::string(name);
}

/// 0 if GObject knows none of the name.
GType type_of(const gvalue_kind& kind) noexcept {
    return g_type_from_name(gtype_name_of(kind).c_str());
}

bool is_number(GType type, const gvalue_kind& kind) noexcept {
    const auto is = [&](bool is_signed, std::size_t size) {
        return !kind.is_floating && kind.is_signed == is_signed && kind.size == size;
    };
    if (type == G_TYPE_GTYPE)
        return is(false, sizeof(GType));
    switch (type) {
    case G_TYPE_CHAR:
        return is(true, 1);
    case G_TYPE_UCHAR:
        return is(false, 1);
    case G_TYPE_INT:
        return is(true, sizeof(int));
    case G_TYPE_UINT:
        return is(false, sizeof(int));
    case G_TYPE_LONG:
        return is(true, sizeof(long));
    case G_TYPE_ULONG:
        return is(false, sizeof(long));
    case G_TYPE_INT64:
        return is(true, 8);
    case G_TYPE_UINT64:
        return is(false, 8);
    case G_TYPE_FLOAT:
        return kind.is_floating && kind.size == sizeof(float);
    case G_TYPE_DOUBLE:
        return kind.is_floating && kind.size == sizeof(double);
    default:
        return false;
    }
}

bool is_of_kind(GType type, const gvalue_kind& kind) noexcept {
    switch (kind.what) {
    case gvalue_kind::category::boolean:
        return type == G_TYPE_BOOLEAN;
    case gvalue_kind::category::number:
        return is_number(type, kind);
    case gvalue_kind::category::string:
        return type == G_TYPE_STRING;
    case gvalue_kind::category::strings:
        return type == G_TYPE_STRV;
    case gvalue_kind::category::pointer:
        return type == G_TYPE_POINTER;
    case gvalue_kind::category::enumeration:
    case gvalue_kind::category::instance:
        return false;
    }
    return false;
}

} // namespace

bool becomes(GType type, const gvalue_kind& kind) noexcept {
    return is_of_kind(type, kind) || g_type_is_a(type, type_of(kind));
}

bool stands_for(const gvalue_kind& kind, GType type) noexcept {
    return is_of_kind(type, kind) || g_type_is_a(type_of(kind), type);
}

std::string name_of(const gvalue_kind& kind) {
    switch (kind.what) {
    case gvalue_kind::category::string:
        return "unique_string";
    case gvalue_kind::category::strings:
        return "unique_strv";
    case gvalue_kind::category::instance:
        return "ref<" + gtype_name_of(kind) + ">";
    default:
        return std::string(spelled_in(kind.spelling));
    }
}

gint64 whole_number_in(const GValue* value) noexcept {
    if (G_VALUE_HOLDS_GTYPE(value))
        return gint64(g_value_get_gtype(value));
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_CHAR:
        return g_value_get_schar(value);
    case G_TYPE_UCHAR:
        return g_value_get_uchar(value);
    case G_TYPE_INT:
        return g_value_get_int(value);
    case G_TYPE_UINT:
        return g_value_get_uint(value);
    case G_TYPE_LONG:
        return g_value_get_long(value);
    case G_TYPE_ULONG:
        return gint64(g_value_get_ulong(value));
    case G_TYPE_INT64:
        return g_value_get_int64(value);
    case G_TYPE_UINT64:
        return gint64(g_value_get_uint64(value));
    case G_TYPE_ENUM:
        return g_value_get_enum(value);
    default:
        return g_value_get_flags(value);
    }
}

void put_whole_number(GValue* value, gint64 number) noexcept {
    if (G_VALUE_HOLDS_GTYPE(value))
        return g_value_set_gtype(value, GType(number));
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_CHAR:
        return g_value_set_schar(value, gint8(number));
    case G_TYPE_UCHAR:
        return g_value_set_uchar(value, guchar(number));
    case G_TYPE_INT:
        return g_value_set_int(value, int(number));
    case G_TYPE_UINT:
        return g_value_set_uint(value, guint(number));
    case G_TYPE_LONG:
        return g_value_set_long(value, long(number));
    case G_TYPE_ULONG:
        return g_value_set_ulong(value, gulong(number));
    case G_TYPE_INT64:
        return g_value_set_int64(value, number);
    case G_TYPE_UINT64:
        return g_value_set_uint64(value, guint64(number));
    case G_TYPE_ENUM:
        return g_value_set_enum(value, int(number));
    default:
        return g_value_set_flags(value, guint(number));
    }
}

} // namespace gawait::detail
