#include "gawait/dbus/detail/message_header.hpp"

#include "dbus/value_reader.hpp"
#include "dbus/value_writer.hpp"

#include <bit>

namespace gawait::dbus::detail {
namespace {

constexpr char own_order = std::endian::native == std::endian::little ? 'l' : 'B';
constexpr char other_order = own_order == 'l' ? 'B' : 'l';
constexpr char version = 1;

/// Of what comes next, a field of the header.
struct field_reader {
    value_reader& from;
    std::string_view type; // of the field's variant

    template <class Length> bool text(std::string_view expected, std::string_view& into) noexcept {
        return type == expected && from.get_text<Length>(into);
    }

    bool signature(std::string_view& into) noexcept {
        const bool is_read = text<guint8>("g", into);
        const char* const begin = into.data(); // with a null character behind it
        return is_read && g_variant_is_signature(begin);
    }

    bool number(guint32& into) noexcept { return type == "u" && from.get(into); }

    bool skip() noexcept {
        serialiser unused;
        const char* signature = type.data();
        return g_variant_is_signature(signature) && from.align(1) &&
               from.read_one(signature, unused) && *signature == '\0';
    }
};

bool read_field(value_reader& from, message_header& into) noexcept {
    guint8 code = 0;
    std::string_view type;
    if (!from.align(8) || !from.get(code) || !from.get_text<guint8>(type) || type.empty())
        return false;
    field_reader field{from, type};
    switch (code) {
    case G_DBUS_MESSAGE_HEADER_FIELD_INVALID:
        return false;
    case G_DBUS_MESSAGE_HEADER_FIELD_PATH:
        return field.text<guint32>("o", into.path);
    case G_DBUS_MESSAGE_HEADER_FIELD_INTERFACE:
        return field.text<guint32>("s", into.interface);
    case G_DBUS_MESSAGE_HEADER_FIELD_MEMBER:
        return field.text<guint32>("s", into.member);
    case G_DBUS_MESSAGE_HEADER_FIELD_ERROR_NAME:
        return field.text<guint32>("s", into.error_name);
    case G_DBUS_MESSAGE_HEADER_FIELD_REPLY_SERIAL:
        return field.number(into.reply_serial);
    case G_DBUS_MESSAGE_HEADER_FIELD_DESTINATION:
        return field.text<guint32>("s", into.destination);
    case G_DBUS_MESSAGE_HEADER_FIELD_SENDER:
        return field.text<guint32>("s", into.sender);
    case G_DBUS_MESSAGE_HEADER_FIELD_SIGNATURE:
        return field.signature(into.signature);
    case G_DBUS_MESSAGE_HEADER_FIELD_NUM_UNIX_FDS:
        return field.number(into.descriptors);
    default:
        return field.skip();
    }
}

/// The lengths of the values and of the fields.
bool read_lengths(std::string_view begin, guint32& values, guint32& fields) noexcept {
    if (begin.size() < message_header::fixed_size ||
        (begin[0] != own_order && begin[0] != other_order) || begin[3] != version)
        return false;
    value_reader from(begin.substr(0, message_header::fixed_size), begin[0] == other_order);
    guint32 first = 0, serial = 0;
    return from.get(first) && from.get(values) && from.get(serial) && from.get(fields) &&
           fields <= message_header::longest_array;
}

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) & ~std::size_t{7}; }

} // namespace

std::size_t message_header::length_of(std::string_view begin) noexcept {
    guint32 values = 0, fields = 0;
    if (!read_lengths(begin, values, fields))
        return 0;
    const std::size_t length = padded(fixed_size + fields) + values;
    return length <= longest_message ? length : 0;
}

bool message_header::read(std::string_view message) noexcept {
    guint32 length = 0, fields = 0;
    if (!read_lengths(message, length, fields) ||
        message.size() != padded(fixed_size + fields) + length)
        return false;
    *this = {};
    is_swapped = message[0] == other_order;
    type = static_cast<guint8>(message[1]);
    flags = static_cast<guint8>(message[2]);
    value_reader from(message.substr(0, fixed_size + fields), is_swapped);
    guint64 before = 0;
    guint32 unused = 0;
    if (!from.get(before) || !from.get(serial) || !from.get(unused))
        return false;
    while (!from.at_end())
        if (!read_field(from, *this))
            return false;
    body = message.substr(padded(fixed_size + fields));
    return serial != 0;
}

ref<GVariant> message_header::values() const noexcept {
    value_reader from(body, is_swapped);
    serialiser into;
    if (!from.read_all(signature.empty() ? "" : signature.data(), into) || !from.at_end())
        return nullptr;
    const std::string type = '(' + std::string(signature) + ')';
    return into.take(G_VARIANT_TYPE(type.c_str()));
}

bool write_message(const message_to_write& message, std::string& into) noexcept {
    const std::size_t begin = into.size();
    value_writer to(into);
    to.put(own_order);
    to.put(static_cast<char>(message.type));
    to.put(static_cast<char>(message.flags));
    to.put(version);
    to.put(guint32{0}); // the length of the values, as below
    to.put(message.serial);
    to.put(guint32{0}); // and that of the fields
    const auto begin_field = [&](GDBusMessageHeaderField code, char type) {
        to.align(8);
        to.put(static_cast<char>(code));
        to.put_signature({&type, 1});
    };
    const auto put_text = [&](GDBusMessageHeaderField code, char type, const char* text) {
        if (!text)
            return;
        begin_field(code, type);
        to.put_text(text);
    };
    const auto put_number = [&](GDBusMessageHeaderField code, guint32 number) {
        if (number == 0)
            return;
        begin_field(code, 'u');
        to.put(number);
    };
    put_text(G_DBUS_MESSAGE_HEADER_FIELD_PATH, 'o', message.path);
    put_text(G_DBUS_MESSAGE_HEADER_FIELD_INTERFACE, 's', message.interface);
    put_text(G_DBUS_MESSAGE_HEADER_FIELD_MEMBER, 's', message.member);
    put_text(G_DBUS_MESSAGE_HEADER_FIELD_ERROR_NAME, 's', message.error_name);
    put_number(G_DBUS_MESSAGE_HEADER_FIELD_REPLY_SERIAL, message.reply_serial);
    put_text(G_DBUS_MESSAGE_HEADER_FIELD_DESTINATION, 's', message.destination);
    const std::string_view type = g_variant_get_type_string(message.values);
    const std::string_view signature = type.substr(1, type.size() - 2);
    if (!signature.empty()) {
        begin_field(G_DBUS_MESSAGE_HEADER_FIELD_SIGNATURE, 'g');
        to.put_signature(signature);
    }
    put_number(G_DBUS_MESSAGE_HEADER_FIELD_NUM_UNIX_FDS, message.descriptors);
    to.put_at(12, static_cast<guint32>(to.size() - message_header::fixed_size));
    to.align(8);
    const std::size_t values = to.size();
    if (signature.size() > 255 || !to.write_members(message.values) ||
        to.size() > message_header::longest_message) {
        into.resize(begin);
        return false;
    }
    to.put_at(4, static_cast<guint32>(to.size() - values));
    return true;
}

} // namespace gawait::dbus::detail
