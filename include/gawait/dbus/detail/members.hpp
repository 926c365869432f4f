#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace gawait::dbus::detail {

/// Becomes whatever a member is.
struct anything {
    constexpr anything() noexcept = default; // so it is no aggregate, which has members itself
    template <class T> operator T() const noexcept;
};

template <class T, class... Members> consteval bool takes() {
    return requires { T{Members()...}; };
}

inline constexpr std::size_t most_members = 16;

/// How many members an aggregate has; more than `most_members` if there are more.
template <class T, class... Members> consteval std::size_t count_members() {
    if constexpr (sizeof...(Members) <= most_members && takes<T, Members..., anything>())
        return count_members<T, Members..., anything>();
    else
        return sizeof...(Members);
}

template <class T>
concept structure = std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_empty_v<T> &&
                    count_members<T>() <= most_members;

/// The members of an aggregate, as a tuple of references.
template <class T> constexpr auto members_of(T& of) noexcept {
    constexpr std::size_t count = count_members<std::remove_const_t<T>>();
    if constexpr (count == 1) {
        auto& [a] = of;
        return std::tie(a);
    } else if constexpr (count == 2) {
        auto& [a, b] = of;
        return std::tie(a, b);
    } else if constexpr (count == 3) {
        auto& [a, b, c] = of;
        return std::tie(a, b, c);
    } else if constexpr (count == 4) {
        auto& [a, b, c, d] = of;
        return std::tie(a, b, c, d);
    } else if constexpr (count == 5) {
        auto& [a, b, c, d, e] = of;
        return std::tie(a, b, c, d, e);
    } else if constexpr (count == 6) {
        auto& [a, b, c, d, e, f] = of;
        return std::tie(a, b, c, d, e, f);
    } else if constexpr (count == 7) {
        auto& [a, b, c, d, e, f, g] = of;
        return std::tie(a, b, c, d, e, f, g);
    } else if constexpr (count == 8) {
        auto& [a, b, c, d, e, f, g, h] = of;
        return std::tie(a, b, c, d, e, f, g, h);
    } else if constexpr (count == 9) {
        auto& [a, b, c, d, e, f, g, h, i] = of;
        return std::tie(a, b, c, d, e, f, g, h, i);
    } else if constexpr (count == 10) {
        auto& [a, b, c, d, e, f, g, h, i, j] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j);
    } else if constexpr (count == 11) {
        auto& [a, b, c, d, e, f, g, h, i, j, k] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k);
    } else if constexpr (count == 12) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
    } else if constexpr (count == 13) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
    } else if constexpr (count == 14) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    } else if constexpr (count == 15) {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
    } else {
        auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = of;
        return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    }
}

} // namespace gawait::dbus::detail
