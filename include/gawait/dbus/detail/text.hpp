#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace gawait::dbus::detail {

/// A string that the compiler puts together. It ends in a NUL.
template <std::size_t Size> struct text {
    char characters[Size + 1] = {};

    constexpr text() noexcept = default;
    constexpr text(const char (&literal)[Size + 1]) noexcept {
        for (std::size_t index = 0; index < Size; ++index)
            characters[index] = literal[index];
    }

    constexpr operator std::string_view() const noexcept { return {characters, Size}; }
};

template <std::size_t N> text(const char (&)[N]) -> text<N - 1>;

template <std::size_t... Sizes>
consteval text<(Sizes + ... + 0)> joined(const text<Sizes>&... parts) noexcept {
    text<(Sizes + ... + 0)> whole;
    std::size_t end = 0;
    const auto append = [&](std::string_view part) {
        for (const char each : part)
            whole.characters[end++] = each;
    };
    (append(parts), ...);
    return whole;
}

/// Whether a value of this type can be the key of a dictionary.
constexpr bool is_basic(std::string_view signature) noexcept {
    return signature.size() == 1 && signature != "v";
}

/// Numbers that D-Bus has. (A plain `char` is a character, of which it has none.)
template <class T>
concept number =
    std::same_as<T, double> || std::same_as<T, std::uint8_t> ||
    (std::integral<T> && sizeof(T) > 1 && sizeof(T) <= 8 && !std::same_as<T, wchar_t> &&
     !std::same_as<T, char16_t> && !std::same_as<T, char32_t>);

template <number T> consteval text<1> signature_of_number() noexcept {
    if constexpr (std::same_as<T, double>)
        return {"d"};
    else if constexpr (sizeof(T) == 1)
        return {"y"};
    else if constexpr (sizeof(T) == 2)
        return {std::signed_integral<T> ? "n" : "q"};
    else if constexpr (sizeof(T) == 4)
        return {std::signed_integral<T> ? "i" : "u"};
    else
        return {std::signed_integral<T> ? "x" : "t"};
}

template <class T> struct underlying {
    using type = T;
};
template <class T>
    requires std::is_enum_v<T>
struct underlying<T> : std::underlying_type<T> {};

/// Whether arrays of it are the same in memory and in a message.
template <class T> constexpr bool is_fixed = number<typename underlying<T>::type>;

template <class T> constexpr bool is_optional = false;
template <class T> constexpr bool is_optional<std::optional<T>> = true;

/// Says why there is no type of D-Bus for a `T`.
template <class T> consteval text<0> no_type_of_dbus() {
    if constexpr (is_optional<T>)
        static_assert(!std::same_as<T, T>,
                      "gawait::dbus: D-Bus has no type for a value that may be missing, as a "
                      "std::optional: leave it out of a dictionary, or say what stands for none");
    else if constexpr (std::floating_point<T>)
        static_assert(!std::same_as<T, T>,
                      "gawait::dbus: the only floating-point number of D-Bus is double");
    else if constexpr (std::integral<T>)
        static_assert(!std::same_as<T, T>,
                      "gawait::dbus: D-Bus has no signed byte, no characters and no integers of "
                      "more than 64 bits: the byte is std::uint8_t");
    else if constexpr (std::is_pointer_v<T>)
        static_assert(!std::same_as<T, T>, "gawait::dbus: there is no type of D-Bus for a pointer");
    else
        static_assert(!std::same_as<T, T>,
                      "gawait::dbus: there is no type of D-Bus for this one. Aggregates of 1 to 16 "
                      "members are structures; for another class specialise "
                      "gawait::dbus::value_traits");
    return {};
}

} // namespace gawait::dbus::detail
