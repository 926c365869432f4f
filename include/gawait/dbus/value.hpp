#pragma once

#include "gawait/dbus/detail/members.hpp"
#include "gawait/dbus/detail/parts.hpp"
#include "gawait/dbus/detail/text.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gawait::dbus {

// Errors ---------------------------------------------------------------------------

/// A value came of another type than was expected: `G_DBUS_ERROR_INVALID_ARGS`, as which it also
/// goes out when a handler of a service throws it.
class GAWAIT_API type_error : public gawait::error {
public:
    /// @param expected, found signatures.
    type_error(std::string_view expected, std::string_view found);

    const std::string& expected() const noexcept GAWAIT_LIFETIMEBOUND { return expected_; }
    const std::string& found() const noexcept GAWAIT_LIFETIMEBOUND { return found_; }

    /// The first part that differs: members of structures and arguments by their number from 0,
    /// "[]" for the elements of an array, "key" and "value" for those of a dictionary:
    /// "1[].value". Empty if the whole does.
    const std::string& path() const noexcept GAWAIT_LIFETIMEBOUND { return path_; }

private:
    std::string expected_;
    std::string found_;
    std::string path_;
};

/// D-Bus does not allow this value: a string that is no UTF-8 or has a NUL within, a name or path
/// that is none; or a message cannot carry it: more than 64 containers in each other (variants
/// among them), an array of more than 64 MiB, more than 128 MiB in all. What is sent is checked
/// before. `G_DBUS_ERROR_INVALID_ARGS`.
class GAWAIT_API value_error : public gawait::error {
public:
    explicit value_error(const std::string& message);
};

// D-Bus's own types ----------------------------------------------------------------

/// The path of an object: `o`. "/" unless something else is said.
class GAWAIT_API object_path {
public:
    object_path() : text_("/") {}

    /// @throws value_error if it is none.
    explicit object_path(std::string path);

    const std::string& str() const noexcept GAWAIT_LIFETIMEBOUND { return text_; }
    const char* c_str() const noexcept GAWAIT_LIFETIMEBOUND { return text_.c_str(); }
    operator std::string_view() const noexcept GAWAIT_LIFETIMEBOUND { return text_; }

    friend auto operator<=>(const object_path&, const object_path&) = default;

private:
    std::string text_;
};

/// Any number of types, as D-Bus writes them: `g`.
class GAWAIT_API signature {
public:
    signature() = default;

    /// @throws value_error if it is none.
    explicit signature(std::string types);

    const std::string& str() const noexcept GAWAIT_LIFETIMEBOUND { return text_; }
    const char* c_str() const noexcept GAWAIT_LIFETIMEBOUND { return text_.c_str(); }
    operator std::string_view() const noexcept GAWAIT_LIFETIMEBOUND { return text_; }

    friend auto operator<=>(const signature&, const signature&) = default;

private:
    std::string text_;
};

/// A file descriptor, which it owns: `h`. What is sent is a duplicate, and so is what is received.
class GAWAIT_API unix_fd {
public:
    /// None, which cannot be sent.
    unix_fd() noexcept = default;

    /// Takes over a descriptor.
    explicit unix_fd(int owned) noexcept : fd_(owned) {}

    unix_fd(unix_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    unix_fd& operator=(unix_fd other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~unix_fd();

    /// Borrowed; -1 if there is none.
    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the descriptor to the caller.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

using bytes = std::vector<std::uint8_t>;

// What becomes what ----------------------------------------------------------------

/// What a C++ type is on D-Bus, and how its values are made and read.
///
/// | C++                                               | D-Bus                             |
/// | ------------------------------------------------- | --------------------------------- |
/// | `bool`, `double`                                  | `b`, `d`                          |
/// | `std::uint8_t`, integers of 16, 32 and 64 bits    | `y`, `n`/`q`, `i`/`u`, `x`/`t`    |
/// | enumerations                                      | as what is underneath             |
/// | `std::string`                                     | `s`                               |
/// | `object_path`, `signature`, `unix_fd`             | `o`, `g`, `h`                     |
/// | `variant`                                         | `v`                               |
/// | `std::vector`, `std::array`                       | `a` of its elements               |
/// | `std::map`, `std::unordered_map`                  | `a{..}` of its keys and values    |
/// | `std::tuple`, `std::pair`                         | `(...)` of its elements           |
/// | an aggregate of up to 16 members                  | `(...)` of its members, in order  |
/// | `std::string_view`, `const char*`, `std::span`    | as their owners, to be sent only  |
///
/// D-Bus has no value that may be missing, so there is nothing for `std::optional`, and neither
/// `float` nor a signed byte. For a type of your own that is no aggregate, specialise it.
template <class T> struct value_traits {
    using unknown = void;
    static constexpr detail::text<0> signature = detail::no_type_of_dbus<T>();
    static GVariant* to(const T&, ref<GUnixFDList>&) {
        detail::no_type_of_dbus<T>();
        return nullptr;
    }
    static T from(GVariant*, GUnixFDList*);
};

/// Whether a type is one of these. Of a container only the container is looked at.
template <class T>
concept representable = !requires { typename value_traits<T>::unknown; };

/// The signature of a type, which ends in a NUL.
template <class T> constexpr std::string_view signature_of() noexcept {
    return value_traits<T>::signature;
}

/// The same for GLib.
template <class T> const GVariantType* type_of() noexcept {
    return reinterpret_cast<const GVariantType*>(value_traits<T>::signature.characters);
}

/// Makes the variant of a value.
///
/// @param descriptors gets duplicates of the descriptors in it, which the variant has the numbers
///     of; made if there are any.
/// @throws value_error
/// @throws gawait::error if a descriptor cannot be duplicated.
template <class T> ref<GVariant> to_variant(const T& value, ref<GUnixFDList>& descriptors) {
    return ref<GVariant>::adopt(g_variant_ref_sink(value_traits<T>::to(value, descriptors)));
}

/// The same for a value without descriptors.
///
/// @throws value_error also if there are some.
template <class T> ref<GVariant> to_variant(const T& value) {
    ref<GUnixFDList> descriptors;
    auto made = to_variant(value, descriptors);
    detail::refuse_descriptors(descriptors);
    return made;
}

/// Reads a value out of a variant.
///
/// @param value borrowed.
/// @param descriptors what the numbers in it are of; may be null if there are none.
/// @throws type_error if it is of another type.
/// @throws value_error if a descriptor is not there, or a `std::array` is of another size.
template <class T> T from_variant(GVariant* value, GUnixFDList* descriptors = nullptr) {
    static_assert(detail::is_owner<value_traits<T>>,
                  "gawait::dbus: a view cannot be read: nobody would own what it shows. Say its "
                  "owner: std::string for std::string_view, std::vector for std::span");
    detail::check_type(value, value_traits<T>::signature.characters);
    return value_traits<T>::from(value, descriptors);
}

/// A value of whatever type: `v`. Cheap to copy.
///
///     std::map<std::string, variant> options{{"name", "test"}, {"size", 3u}};
///     auto size = options["size"].get<unsigned>();
class GAWAIT_API variant {
public:
    /// Nothing, which cannot be sent.
    variant() noexcept = default;

    /// @throws value_error
    template <class T>
        requires(!std::same_as<T, variant> && representable<T>)
    variant(const T& value) : value_(to_variant(value, descriptors_)) {}

    /// What GLib has.
    ///
    /// @param descriptors what numbers in it are of.
    /// @throws value_error if D-Bus has no such type: that of a value that may be missing (`m`).
    explicit variant(ref<GVariant> value, ref<GUnixFDList> descriptors = {});

    /// @throws type_error if it is of another type, as nothing is.
    template <class T> T get() const { return from_variant<T>(value_, descriptors_); }

    template <class T> bool holds() const noexcept { return type_string() == signature_of<T>(); }

    /// The signature of what it holds; empty for nothing.
    std::string_view type_string() const noexcept GAWAIT_LIFETIMEBOUND;

    /// What it holds, not the box around that; null for nothing. Borrowed.
    GVariant* get() const noexcept GAWAIT_LIFETIMEBOUND { return value_; }

    /// Whether both hold the same, of the same type.
    friend bool operator==(const variant& a, const variant& b) noexcept { return a.equals(b); }

private:
    friend value_traits<variant>;

    bool equals(const variant& other) const noexcept;
    GVariant* boxed(ref<GUnixFDList>& descriptors) const;

    ref<GUnixFDList> descriptors_;
    ref<GVariant> value_;
};

/// What options and properties come in: `a{sv}`.
using vardict = std::map<std::string, variant>;

// Each type ------------------------------------------------------------------------

template <class T> struct value_traits<const T> : value_traits<T> {};
template <class T> struct value_traits<T&> : value_traits<T> {}; // in a tuple, as of std::tie()

template <> struct value_traits<bool> {
    static constexpr detail::text signature{"b"};
    static GVariant* to(bool value, ref<GUnixFDList>&) noexcept {
        return g_variant_new_boolean(value);
    }
    static bool from(GVariant* value, GUnixFDList*) noexcept {
        return g_variant_get_boolean(value);
    }
};

template <detail::number T> struct value_traits<T> {
    static constexpr detail::text signature = detail::signature_of_number<T>();

    static GVariant* to(T value, ref<GUnixFDList>&) noexcept {
        switch (signature.characters[0]) {
        case 'y':
            return g_variant_new_byte(static_cast<guint8>(value));
        case 'n':
            return g_variant_new_int16(static_cast<gint16>(value));
        case 'q':
            return g_variant_new_uint16(static_cast<guint16>(value));
        case 'i':
            return g_variant_new_int32(static_cast<gint32>(value));
        case 'u':
            return g_variant_new_uint32(static_cast<guint32>(value));
        case 'x':
            return g_variant_new_int64(static_cast<gint64>(value));
        case 't':
            return g_variant_new_uint64(static_cast<guint64>(value));
        default:
            return g_variant_new_double(static_cast<double>(value));
        }
    }

    static T from(GVariant* value, GUnixFDList*) noexcept {
        T read{};
        if (const gconstpointer data = g_variant_get_data(value)) [[likely]]
            std::memcpy(&read, data, sizeof(T));
        return read;
    }
};

template <class T>
    requires std::is_enum_v<T>
struct value_traits<T> : value_traits<std::underlying_type_t<T>> {
    using underlying = std::underlying_type_t<T>;

    static GVariant* to(T value, ref<GUnixFDList>& descriptors) noexcept {
        return value_traits<underlying>::to(static_cast<underlying>(value), descriptors);
    }
    static T from(GVariant* value, GUnixFDList* descriptors) noexcept {
        return static_cast<T>(value_traits<underlying>::from(value, descriptors));
    }
};

template <> struct value_traits<std::string_view> {
    static constexpr detail::text signature{"s"};
    static GVariant* to(std::string_view value, ref<GUnixFDList>&) {
        return detail::new_string(value);
    }
};

template <> struct value_traits<std::string> : value_traits<std::string_view> {
    static std::string from(GVariant* value, GUnixFDList*) {
        return std::string(detail::text_of(value));
    }
};

template <> struct value_traits<const char*> : value_traits<std::string_view> {
    static GVariant* to(const char* value, ref<GUnixFDList>&) {
        return detail::new_c_string(value);
    }
};

template <> struct value_traits<char*> : value_traits<const char*> {};
template <std::size_t N> struct value_traits<char[N]> : value_traits<const char*> {};

template <> struct value_traits<object_path> {
    static constexpr detail::text signature{"o"};
    static GVariant* to(const object_path& value, ref<GUnixFDList>&) noexcept {
        return g_variant_new_object_path(value.c_str());
    }
    static object_path from(GVariant* value, GUnixFDList*) {
        return object_path(std::string(detail::text_of(value)));
    }
};

template <> struct value_traits<signature> {
    static constexpr detail::text signature{"g"};
    static GVariant* to(const dbus::signature& value, ref<GUnixFDList>&) noexcept {
        return g_variant_new_signature(value.c_str());
    }
    static dbus::signature from(GVariant* value, GUnixFDList*) {
        return dbus::signature(std::string(detail::text_of(value)));
    }
};

template <> struct value_traits<unix_fd> {
    static constexpr detail::text signature{"h"};
    static GVariant* to(const unix_fd& value, ref<GUnixFDList>& descriptors) {
        return detail::new_handle(value.get(), descriptors);
    }
    static unix_fd from(GVariant* value, GUnixFDList* descriptors) {
        return unix_fd(detail::descriptor_of(value, descriptors));
    }
};

template <> struct value_traits<variant> {
    static constexpr detail::text signature{"v"};
    static GVariant* to(const variant& value, ref<GUnixFDList>& descriptors) {
        return value.boxed(descriptors);
    }
    static variant from(GVariant* value, GUnixFDList* descriptors) {
        variant read;
        read.value_ = ref<GVariant>::adopt(g_variant_get_variant(value));
        if (detail::may_hold_descriptors(read.value_))
            read.descriptors_ = ref<GUnixFDList>::retain(descriptors);
        return read;
    }
};

namespace detail {

/// Elements one after the other, all of one type.
template <class E> struct array_traits {
    static constexpr text signature = joined(text{"a"}, value_traits<E>::signature);

    template <class Range> static GVariant* to(const Range& values, ref<GUnixFDList>& descriptors) {
        if constexpr (is_fixed<E>) {
            return g_variant_new_fixed_array(type_of<E>(), values.data(), values.size(), sizeof(E));
        } else {
            std::vector<GVariant*> room(values.size());
            parts elements(room);
            for (const E& each : values)
                elements.add(value_traits<E>::to(each, descriptors));
            return elements.array(type_of<E>());
        }
    }

    /// @param take called with the size and then each element.
    static std::vector<E> from(GVariant* value, GUnixFDList* descriptors) {
        if constexpr (is_fixed<E>) {
            gsize count = 0;
            const gconstpointer data = g_variant_get_fixed_array(value, &count, sizeof(E));
            std::vector<E> read(count);
            if (count > 0)
                std::memcpy(read.data(), data, count * sizeof(E));
            return read;
        } else {
            const gsize count = g_variant_n_children(value);
            std::vector<E> read;
            read.reserve(count);
            for (gsize index = 0; index < count; ++index)
                read.push_back(value_traits<E>::from(child(value, index), descriptors));
            return read;
        }
    }
};

template <class Map> struct map_traits {
    using key = typename Map::key_type;
    using mapped = typename Map::mapped_type;

    static_assert(
        is_basic(value_traits<key>::signature),
        "gawait::dbus: the keys of a dictionary are numbers, strings, paths or signatures");

    static constexpr text entry =
        joined(text{"{"}, value_traits<key>::signature, value_traits<mapped>::signature, text{"}"});
    static constexpr text signature = joined(text{"a"}, entry);

    static GVariant* to(const Map& values, ref<GUnixFDList>& descriptors) {
        std::vector<GVariant*> room(values.size());
        parts entries(room);
        for (const auto& [each, of_each] : values) {
            std::array<GVariant*, 2> both{};
            parts pair(both);
            pair.add(value_traits<key>::to(each, descriptors));
            pair.add(value_traits<mapped>::to(of_each, descriptors));
            entries.add(pair.entry());
        }
        return entries.array(reinterpret_cast<const GVariantType*>(entry.characters));
    }

    static Map from(GVariant* value, GUnixFDList* descriptors) {
        Map read;
        const gsize count = g_variant_n_children(value);
        for (gsize index = 0; index < count; ++index) {
            const auto pair = child(value, index);
            read.insert_or_assign(value_traits<key>::from(child(pair, 0), descriptors),
                                  value_traits<mapped>::from(child(pair, 1), descriptors));
        }
        return read;
    }
};

/// Parts one after the other, each of a type of its own.
template <class... E> struct structure_traits {
    static constexpr text signature = joined(text{"("}, value_traits<E>::signature..., text{")"});

    static GVariant* to(ref<GUnixFDList>& descriptors, const E&... values) {
        std::array<GVariant*, sizeof...(E)> room{};
        parts members(room);
        (members.add(value_traits<E>::to(values, descriptors)), ...);
        return members.tuple();
    }

    /// Makes a `T` of the parts.
    template <class T> static T from(GVariant* value, GUnixFDList* descriptors) {
        return from<T>(value, descriptors, std::index_sequence_for<E...>());
    }

private:
    template <class T, std::size_t... I>
    static T from([[maybe_unused]] GVariant* value, [[maybe_unused]] GUnixFDList* descriptors,
                  std::index_sequence<I...> /*which*/) {
        return T{value_traits<E>::from(child(value, I), descriptors)...};
    }
};

template <class Tuple> struct structure_of;
template <class... E> struct structure_of<std::tuple<E&...>> {
    using type = structure_traits<std::remove_const_t<E>...>;
};

} // namespace detail

template <class E, class Allocator> struct value_traits<std::vector<E, Allocator>> {
    static constexpr detail::text signature = detail::array_traits<E>::signature;
    static GVariant* to(const std::vector<E>& values, ref<GUnixFDList>& descriptors) {
        return detail::array_traits<E>::to(values, descriptors);
    }
    static std::vector<E> from(GVariant* value, GUnixFDList* descriptors) {
        return detail::array_traits<E>::from(value, descriptors);
    }
};

template <class E, std::size_t Extent> struct value_traits<std::span<E, Extent>> {
    static constexpr detail::text signature =
        detail::array_traits<std::remove_const_t<E>>::signature;
    static GVariant* to(std::span<const E> values, ref<GUnixFDList>& descriptors) {
        return detail::array_traits<std::remove_const_t<E>>::to(values, descriptors);
    }
};

template <class E, std::size_t N> struct value_traits<std::array<E, N>> {
    static constexpr detail::text signature = detail::array_traits<E>::signature;
    static GVariant* to(const std::array<E, N>& values, ref<GUnixFDList>& descriptors) {
        return detail::array_traits<E>::to(values, descriptors);
    }
    static std::array<E, N> from(GVariant* value, GUnixFDList* descriptors) {
        detail::check_size(value, N);
        auto read = detail::array_traits<E>::from(value, descriptors);
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<E, N>{std::move(read[I])...};
        }(std::make_index_sequence<N>());
    }
};

template <class K, class V, class... Rest>
struct value_traits<std::map<K, V, Rest...>> : detail::map_traits<std::map<K, V, Rest...>> {};

template <class K, class V, class... Rest>
struct value_traits<std::unordered_map<K, V, Rest...>>
    : detail::map_traits<std::unordered_map<K, V, Rest...>> {};

template <class... E> struct value_traits<std::tuple<E...>> {
    static_assert(sizeof...(E) > 0, "gawait::dbus: D-Bus has no empty structure");

    static constexpr detail::text signature = detail::structure_traits<E...>::signature;
    static GVariant* to(const std::tuple<E...>& values, ref<GUnixFDList>& descriptors) {
        return std::apply(
            [&](const E&... each) {
                return detail::structure_traits<E...>::to(descriptors, each...);
            },
            values);
    }
    static std::tuple<E...> from(GVariant* value, GUnixFDList* descriptors) {
        return detail::structure_traits<E...>::template from<std::tuple<E...>>(value, descriptors);
    }
};

template <class A, class B> struct value_traits<std::pair<A, B>> {
    static constexpr detail::text signature = detail::structure_traits<A, B>::signature;
    static GVariant* to(const std::pair<A, B>& values, ref<GUnixFDList>& descriptors) {
        return detail::structure_traits<A, B>::to(descriptors, values.first, values.second);
    }
    static std::pair<A, B> from(GVariant* value, GUnixFDList* descriptors) {
        return detail::structure_traits<A, B>::template from<std::pair<A, B>>(value, descriptors);
    }
};

template <detail::structure T> struct value_traits<T> {
    using members =
        typename detail::structure_of<decltype(detail::members_of(std::declval<T&>()))>::type;

    static constexpr detail::text signature = members::signature;
    static GVariant* to(const T& value, ref<GUnixFDList>& descriptors) {
        return std::apply([&](const auto&... each) { return members::to(descriptors, each...); },
                          detail::members_of(value));
    }
    static T from(GVariant* value, GUnixFDList* descriptors) {
        return members::template from<T>(value, descriptors);
    }
};

} // namespace gawait::dbus
