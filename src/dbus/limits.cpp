#include "dbus/limits.hpp"

#include "gawait/dbus/detail/layout.hpp"
#include "gawait/dbus/detail/message_header.hpp"
#include "gawait/dbus/detail/parts.hpp"
#include "gawait/dbus/value.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace gawait::dbus::detail {
namespace {

constexpr std::size_t most_in_array = message_header::longest_array;
// The rest is for the header.
constexpr std::size_t most_in_body = message_header::longest_message - 65536;
constexpr std::size_t most_containers = message_header::most_containers;
constexpr std::size_t most_of_a_kind = 32;
constexpr std::size_t longest_signature = 255;

// What D-Bus aligns to eight bytes, GVariant may have in one.
constexpr std::size_t surely_small = most_in_array / 16;

[[noreturn]] void throw_too_deep() {
    throw value_error("a value in which more than " + std::to_string(most_containers) +
                      " containers are in each other, which D-Bus does not allow");
}

std::string_view types_in(GVariant* value) noexcept { return g_variant_get_type_string(value); }

void check_signature(std::string_view types) {
    if (types.size() > longest_signature)
        throw value_error("a signature of " + std::to_string(types.size()) +
                          " characters, of which D-Bus allows " +
                          std::to_string(longest_signature) + ": '" + std::string(types) + "'");
    std::size_t arrays = 0;
    std::size_t structures = 0;
    char before = '\0';
    for (const char each : types) {
        arrays = each == 'a' ? arrays + 1 : 0;
        if (each == '(' || each == '{')
            ++structures;
        else if (each == ')' || each == '}')
            --structures;
        if (arrays > most_of_a_kind || structures > most_of_a_kind)
            throw value_error("more than " + std::to_string(most_of_a_kind) +
                              " arrays or structures in each other: '" + std::string(types) + "'");
        if ((each == ')' && before == '(') || (each == '{' && before != 'a'))
            throw value_error("D-Bus has no structure without members, nor an entry of a "
                              "dictionary outside of one: '" +
                              std::string(types) + "'");
        before = each;
    }
}

std::size_t containers_in(const GVariantType* type) noexcept {
    if (g_variant_type_is_basic(type))
        return 0;
    if (g_variant_type_is_array(type))
        return 1 + containers_in(g_variant_type_element(type));
    std::size_t deepest = 0;
    for (const auto* each = g_variant_type_first(type); each; each = g_variant_type_next(each))
        deepest = std::max(deepest, containers_in(each));
    return 1 + deepest;
}

/// @param around how many containers it is in.
void check_depth(GVariant* value, std::size_t around) {
    const std::string_view type = types_in(value);
    if (type.find('v') == std::string_view::npos) {
        if (around + type.size() > most_containers &&
            around + containers_in(g_variant_get_type(value)) > most_containers)
            throw_too_deep();
        return;
    }
    if (around == most_containers)
        throw_too_deep();
    for (gsize index = 0; index < g_variant_n_children(value); ++index) {
        const auto held = child(value, index);
        if (type == "v")
            check_signature(types_in(held));
        check_depth(held, around + 1);
    }
}

std::size_t aligned(std::size_t at, std::size_t to) noexcept { return (at + to - 1) / to * to; }

/// Where a value ends in a message, of one that begins at a place.
std::size_t end_of(GVariant* value, std::size_t at);

std::size_t end_of_members(GVariant* value, std::size_t at) {
    for (gsize index = 0; index < g_variant_n_children(value); ++index)
        at = end_of(child(value, index), at);
    return at;
}

std::size_t end_of_array(GVariant* value, std::size_t at) {
    const char element = types_in(value)[1];
    const std::size_t alignment = alignment_in_message(element);
    const std::size_t begin = aligned(at + sizeof(guint32), alignment);
    const bool numbers = std::string_view("ybnqiuxtdh").find(element) != std::string_view::npos;
    const std::size_t end =
        numbers ? begin + g_variant_n_children(value) * alignment : end_of_members(value, begin);
    if (end - begin > most_in_array)
        throw value_error("an array of " + std::to_string(end - begin) +
                          " bytes, of which D-Bus allows " + std::to_string(most_in_array));
    return end;
}

std::size_t end_of(GVariant* value, std::size_t at) {
    const char type = types_in(value).front();
    at = aligned(at, alignment_in_message(type));
    switch (type) {
    case 's':
    case 'o':
        return at + sizeof(guint32) + text_of(value).size() + 1;
    case 'g':
        return at + 1 + text_of(value).size() + 1;
    case 'v': {
        const auto held = child(value, 0);
        return end_of(held, at + 1 + types_in(held).size() + 1);
    }
    case 'a':
        return end_of_array(value, at);
    case '(':
    case '{':
        return end_of_members(value, at);
    default:
        return at + alignment_in_message(type);
    }
}

} // namespace

void check_body(GVariant* body) {
    std::string_view types = types_in(body);
    types.remove_prefix(1);
    types.remove_suffix(1);
    check_signature(types);
    for (gsize index = 0; index < g_variant_n_children(body); ++index)
        check_depth(child(body, index), 0);
    if (g_variant_get_size(body) <= surely_small) [[likely]]
        return;
    const std::size_t size = end_of_members(body, 0);
    if (size > most_in_body)
        throw value_error("a message of " + std::to_string(size) +
                          " bytes, of which D-Bus allows " + std::to_string(most_in_body));
}

} // namespace gawait::dbus::detail
