#pragma once

#include <glib.h>

#include <algorithm>
#include <cstddef>

namespace gawait::dbus::detail {

/// How a type is laid out in GVariant's serialised form.
struct layout {
    gsize alignment = 1;
    gsize fixed_size = 0; // 0: it varies
};

/// The layout of what is no container.
///
/// @param type its letter
constexpr layout layout_of_basic(char type) noexcept {
    switch (type) {
    case 'b':
    case 'y':
        return {1, 1};
    case 'n':
    case 'q':
        return {2, 2};
    case 'i':
    case 'u':
    case 'h':
        return {4, 4};
    case 'x':
    case 't':
    case 'd':
        return {8, 8};
    case 'v':
        return {8, 0};
    default:
        return {};
    }
}

/// The layout of a structure, of which it is told the members.
class structure_layout {
public:
    constexpr void add(layout member) noexcept {
        alignment_ = std::max(alignment_, member.alignment);
        end_ = aligned(member.alignment) + member.fixed_size;
        is_fixed_ = is_fixed_ && member.fixed_size != 0;
    }

    constexpr gsize alignment() const noexcept { return alignment_; }
    constexpr bool is_fixed() const noexcept { return is_fixed_; }

    /// One without members takes a byte.
    constexpr layout whole() const noexcept {
        return {alignment_, is_fixed_ ? std::max<gsize>(aligned(alignment_), 1) : 0};
    }

private:
    constexpr gsize aligned(gsize to) const noexcept { return (end_ + to - 1) & ~(to - 1); }

    gsize alignment_ = 1;
    gsize end_ = 0;
    bool is_fixed_ = true;
};

/// How a type is aligned in a message of D-Bus, which is its size too if it is a number.
///
/// @param type what its signature begins with
constexpr std::size_t alignment_in_message(char type) noexcept {
    switch (type) {
    case 'y':
    case 'g':
    case 'v':
        return 1;
    case 'n':
    case 'q':
        return 2;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
        return 8;
    default:
        return 4;
    }
}

} // namespace gawait::dbus::detail
