#include "dbus/value_writer.hpp"

#include "gawait/dbus/detail/message_header.hpp"
#include "gawait/ref.hpp"

namespace gawait::dbus::detail {
bool value_writer::write_members(GVariant* tuple) noexcept {
    const gsize count = g_variant_n_children(tuple);
    for (gsize index = 0; index < count; ++index)
        if (!write(ref<GVariant>::adopt(g_variant_get_child_value(tuple, index))))
            return false;
    return true;
}

bool value_writer::write_variant(GVariant* value) noexcept {
    const auto inside = ref<GVariant>::adopt(g_variant_get_variant(value));
    const std::string_view type = g_variant_get_type_string(inside);
    if (type.size() > 255)
        return false;
    put_signature(type);
    return write(inside);
}

bool value_writer::write_array(GVariant* value) noexcept {
    put(guint32{0}); // its length, as below
    const std::size_t at = size() - sizeof(guint32);
    gsize item_size = 0;
    switch (g_variant_get_type_string(value)[1]) {
    case 'y':
        item_size = 1;
        break;
    case 'n':
    case 'q':
        item_size = 2;
        break;
    case 'i':
    case 'u':
    case 'h':
        item_size = 4;
        break;
    case 'x':
    case 't':
    case 'd':
        item_size = 8;
        [[fallthrough]];
    case '(':
    case '{':
        align(8);
        break;
    default:
        break;
    }
    const std::size_t begin = size();
    if (item_size == 0) {
        if (!write_members(value))
            return false;
    } else { // they are the same in both forms
        gsize count = 0;
        const auto* const items =
            static_cast<const char*>(g_variant_get_fixed_array(value, &count, item_size));
        into_.append(items ? items : "", count * item_size);
    }
    const std::size_t length = size() - begin;
    if (length > message_header::longest_array)
        return false;
    put_at(at, static_cast<guint32>(length));
    return true;
}

bool value_writer::write_container(GVariant* value, GVariantClass of) noexcept {
    switch (of) {
    case G_VARIANT_CLASS_VARIANT:
        return write_variant(value);
    case G_VARIANT_CLASS_ARRAY:
        return write_array(value);
    case G_VARIANT_CLASS_TUPLE:
        if (g_variant_n_children(value) == 0)
            return false; // D-Bus has no structure without members
        [[fallthrough]];
    case G_VARIANT_CLASS_DICT_ENTRY:
        align(8);
        return write_members(value);
    default: // it may be there, which D-Bus does not know
        return false;
    }
}

bool value_writer::write(GVariant* value) noexcept {
    const GVariantClass of = g_variant_classify(value);
    switch (of) {
    case G_VARIANT_CLASS_BOOLEAN:
        put(guint32{g_variant_get_boolean(value) != FALSE});
        return true;
    case G_VARIANT_CLASS_BYTE:
        put(g_variant_get_byte(value));
        return true;
    case G_VARIANT_CLASS_INT16:
        put(g_variant_get_int16(value));
        return true;
    case G_VARIANT_CLASS_UINT16:
        put(g_variant_get_uint16(value));
        return true;
    case G_VARIANT_CLASS_INT32:
        put(g_variant_get_int32(value));
        return true;
    case G_VARIANT_CLASS_UINT32:
        put(g_variant_get_uint32(value));
        return true;
    case G_VARIANT_CLASS_HANDLE:
        put(g_variant_get_handle(value));
        return true;
    case G_VARIANT_CLASS_INT64:
        put(g_variant_get_int64(value));
        return true;
    case G_VARIANT_CLASS_UINT64:
        put(g_variant_get_uint64(value));
        return true;
    case G_VARIANT_CLASS_DOUBLE:
        put(g_variant_get_double(value));
        return true;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH: {
        gsize length = 0;
        const char* const text = g_variant_get_string(value, &length);
        put_text({text, length});
        return true;
    }
    case G_VARIANT_CLASS_SIGNATURE: {
        gsize length = 0;
        const char* const text = g_variant_get_string(value, &length);
        if (length > 255)
            return false;
        put_signature({text, length});
        return true;
    }
    default:
        break;
    }
    if (++depth_ > message_header::most_containers)
        return false;
    const bool is_written = write_container(value, of);
    --depth_;
    return is_written;
}

} // namespace gawait::dbus::detail
