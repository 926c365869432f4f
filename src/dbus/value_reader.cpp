#include "dbus/value_reader.hpp"

#include "gawait/dbus/detail/layout.hpp"
#include "gawait/dbus/detail/message_header.hpp"

namespace gawait::dbus::detail {
namespace {

/// Behind the type that a signature begins with; null if it begins with none.
const char* end_of_type(const char* signature) noexcept {
    const char* end = nullptr;
    return g_variant_type_string_scan(signature, nullptr, &end) ? end : nullptr;
}

/// Of the type that a signature begins with, which is one.
layout layout_of(const char* type) noexcept {
    switch (*type) {
    case 'a':
        return {layout_of(type + 1).alignment, 0};
    case '(':
    case '{': {
        structure_layout structure;
        for (const char* each = type + 1; *each != ')' && *each != '}'; each = end_of_type(each))
            structure.add(layout_of(each));
        return structure.whole();
    }
    default:
        return layout_of_basic(*type);
    }
}

} // namespace

template <class Number> bool value_reader::read_number(serialiser& into) noexcept {
    Number number{};
    if (!get(number))
        return false;
    into.put(number);
    return true;
}

bool value_reader::read_boolean(serialiser& into) noexcept {
    guint32 number = 0;
    if (!get(number) || number > 1)
        return false;
    into.put(static_cast<guint8>(number));
    return true;
}

bool value_reader::read_text(char type, serialiser& into) noexcept {
    std::string_view text;
    if (type == 'g' ? !get_text<guint8>(text) : !get_text<guint32>(text))
        return false;
    const char* const begin = text.data();
    const bool is_valid = type == 's'   ? g_utf8_validate_len(begin, text.size(), nullptr)
                          : type == 'o' ? g_variant_is_object_path(begin)
                                        : g_variant_is_signature(begin);
    if (!is_valid)
        return false;
    std::memcpy(into.extend(text.size() + 1), begin, text.size() + 1);
    return true;
}

bool value_reader::read_variant(serialiser& into) noexcept {
    std::string_view type;
    if (!get_text<guint8>(type))
        return false;
    const char* signature = type.data();
    if (!g_variant_is_signature(signature) || end_of_type(signature) != signature + type.size())
        return false;
    into.align(8);
    if (!read_one(signature, into))
        return false;
    char* const behind = into.extend(type.size() + 1);
    behind[0] = '\0';
    std::memcpy(behind + 1, type.data(), type.size());
    return true;
}

bool value_reader::read_items(const char* signature, std::size_t end, serialiser& into) noexcept {
    const layout item = layout_of(signature);
    serialiser::container array(into);
    const bool is_copied =
        item.fixed_size != 0 && *signature != 'b' && *signature != '(' && *signature != '{';
    if (is_copied && !is_swapped_) { // they are the same in both forms
        const std::size_t size = end - position_;
        if (size % item.fixed_size != 0)
            return false;
        if (size > 0)
            std::memcpy(into.extend(size), data_.data() + position_, size);
        position_ = end;
    }
    while (position_ < end) {
        const char* type = signature;
        into.align(item.alignment);
        if (*type == '{') {
            if (!align(8) || !read_members(++type, '}', into))
                return false;
        } else if (!read_one(type, into)) {
            return false;
        }
        if (item.fixed_size == 0)
            array.end_child();
    }
    array.finish_array();
    return position_ == end;
}

bool value_reader::read_array(const char*& signature, serialiser& into) noexcept {
    const char* const item = signature;
    signature = end_of_type(item);
    guint32 length = 0;
    if (!signature || !get(length) || length > message_header::longest_array ||
        !align(alignment_in_message(*item)) || data_.size() - position_ < length)
        return false;
    into.align(layout_of(item).alignment);
    return read_items(item, position_ + length, into);
}

bool value_reader::read_members(const char*& signature, char closing, serialiser& into) noexcept {
    serialiser::container members(into);
    structure_layout structure;
    const char* const first = signature;
    while (*signature != closing) {
        const char* const end = end_of_type(signature);
        if (!end)
            return false;
        const layout member = layout_of(signature);
        structure.add(member);
        into.align(member.alignment);
        if (!read_one(signature, into))
            return false;
        // Where the last ends need not be told.
        if (member.fixed_size == 0 && *signature != closing)
            members.end_child();
    }
    if (!structure.is_fixed())
        members.finish_structure();
    else if (signature == first)
        into.put<guint8>(0);
    else
        into.align(structure.alignment());
    if (closing != '\0')
        ++signature;
    return true;
}

bool value_reader::read_one(const char*& signature, serialiser& into) noexcept {
    const char type = *signature++;
    switch (type) {
    case 'b':
        return read_boolean(into);
    case 'y':
        return read_number<guint8>(into);
    case 'n':
    case 'q':
        return read_number<guint16>(into);
    case 'i':
    case 'u':
    case 'h':
        return read_number<guint32>(into);
    case 'x':
    case 't':
    case 'd':
        return read_number<guint64>(into);
    case 's':
    case 'o':
    case 'g':
        return read_text(type, into);
    case 'v':
    case 'a':
    case '(':
        break;
    default:
        return false;
    }
    if (++depth_ > message_header::most_containers)
        return false;
    bool is_read = false;
    if (type == 'v')
        is_read = read_variant(into);
    else if (type == 'a')
        is_read = read_array(signature, into);
    else if (*signature != ')') // D-Bus has no structure without members
        is_read = align(8) && read_members(signature, ')', into);
    --depth_;
    return is_read;
}

} // namespace gawait::dbus::detail
