#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <string>
#include <type_traits>

namespace gawait {

/// What the `GType` of a structure or an enumeration is called, where that is not what C calls
/// the type itself:
///
///     template <> inline constexpr const char* gawait::gtype_name<cairo_t> = "CairoContext";
template <class T> inline constexpr const char* gtype_name = nullptr;
template <> inline constexpr const char* gtype_name<GParamSpec> = "GParam";

namespace detail {

/// Which `GValue`s a C++ type takes.
struct gvalue_kind {
    enum class category : unsigned char {
        boolean,
        number,
        enumeration,
        string,
        strings,
        pointer,
        instance
    };

    category what;
    bool is_signed;         // of a whole number
    bool is_floating;       // of a number
    unsigned char size;     // of a number, in bytes
    const char* spelling;   // of the C++ type, as the compiler has it in a function's name
    const char* named;      // the same of what a reference is to, or of an enumeration
    const char* gtype_name; // or null
};

template <class T> constexpr const char* spelling() noexcept { return __PRETTY_FUNCTION__; }

template <class T, class Named = T>
constexpr gvalue_kind make_gvalue_kind(gvalue_kind::category what) noexcept {
    return {what,
            std::is_signed_v<T>,
            std::is_floating_point_v<T>,
            sizeof(T),
            spelling<T>(),
            spelling<Named>(),
            gtype_name<Named>};
}

/// Whether every value of a type becomes one of a C++ type.
GAWAIT_API bool becomes(GType type, const gvalue_kind& kind) noexcept;

/// Whether every value of a C++ type may stand for one of a type.
GAWAIT_API bool stands_for(const gvalue_kind& kind, GType type) noexcept;

/// The C++ type, for a message.
GAWAIT_API std::string name_of(const gvalue_kind& kind);

// By the size that the C++ type has.
GAWAIT_API gint64 whole_number_in(const GValue* value) noexcept;
GAWAIT_API void put_whole_number(GValue* value, gint64 number) noexcept;

} // namespace detail

/// How a C++ type comes out of a `GValue` and goes into one. What comes out owns what it is.
///
/// | of the type                                  | is                                    |
/// | -------------------------------------------- | ------------------------------------- |
/// | `G_TYPE_BOOLEAN`                             | `bool`                                |
/// | a number                                     | one of that size and signedness       |
/// | an enumeration or flags                      | the one of that name                  |
/// | `G_TYPE_STRING`, `G_TYPE_STRV`               | `unique_string`, `unique_strv`        |
/// | an object, interface, boxed type, `GVariant`, `GParamSpec` | `ref` of it             |
/// | `G_TYPE_POINTER`                             | `void*`, borrowed                     |
template <class T> struct gvalue_traits {
    static_assert(!std::is_same_v<T, T>,
                  "gawait: no GValue becomes this type. Of an object or a boxed type it is a ref, "
                  "of a string unique_string, of an array of strings unique_strv; of numbers, bool "
                  "and enumerations they are themselves");
};

template <> struct gvalue_traits<bool> {
    static constexpr auto kind =
        detail::make_gvalue_kind<bool>(detail::gvalue_kind::category::boolean);
    static bool get(const GValue* value) noexcept { return g_value_get_boolean(value) != FALSE; }
    static void set(GValue* value, bool given) noexcept { g_value_set_boolean(value, given); }
};

template <class T>
    requires std::is_integral_v<T>
struct gvalue_traits<T> {
    static constexpr auto kind = detail::make_gvalue_kind<T>(detail::gvalue_kind::category::number);
    static T get(const GValue* value) noexcept { return T(detail::whole_number_in(value)); }
    static void set(GValue* value, T given) noexcept {
        detail::put_whole_number(value, gint64(given));
    }
};

template <> struct gvalue_traits<float> {
    static constexpr auto kind =
        detail::make_gvalue_kind<float>(detail::gvalue_kind::category::number);
    static float get(const GValue* value) noexcept { return g_value_get_float(value); }
    static void set(GValue* value, float given) noexcept { g_value_set_float(value, given); }
};

template <> struct gvalue_traits<double> {
    static constexpr auto kind =
        detail::make_gvalue_kind<double>(detail::gvalue_kind::category::number);
    static double get(const GValue* value) noexcept { return g_value_get_double(value); }
    static void set(GValue* value, double given) noexcept { g_value_set_double(value, given); }
};

template <class T>
    requires std::is_enum_v<T>
struct gvalue_traits<T> {
    static constexpr auto kind =
        detail::make_gvalue_kind<T>(detail::gvalue_kind::category::enumeration);
    static T get(const GValue* value) noexcept { return T(detail::whole_number_in(value)); }
    static void set(GValue* value, T given) noexcept {
        detail::put_whole_number(value, gint64(given));
    }
};

template <> struct gvalue_traits<unique_string> {
    static constexpr auto kind =
        detail::make_gvalue_kind<unique_string>(detail::gvalue_kind::category::string);
    static unique_string get(const GValue* value) noexcept {
        return unique_string(g_value_dup_string(value));
    }
    static void set(GValue* value, unique_string given) noexcept {
        g_value_take_string(value, given.release());
    }
};

template <> struct gvalue_traits<unique_strv> {
    static constexpr auto kind =
        detail::make_gvalue_kind<unique_strv>(detail::gvalue_kind::category::strings);
    static unique_strv get(const GValue* value) noexcept {
        return unique_strv(static_cast<char**>(g_value_dup_boxed(value)));
    }
    static void set(GValue* value, unique_strv given) noexcept {
        g_value_take_boxed(value, static_cast<void*>(given.release()));
    }
};

template <> struct gvalue_traits<void*> {
    static constexpr auto kind =
        detail::make_gvalue_kind<void*>(detail::gvalue_kind::category::pointer);
    static void* get(const GValue* value) noexcept { return g_value_get_pointer(value); }
    static void set(GValue* value, void* given) noexcept { g_value_set_pointer(value, given); }
};

template <class T> struct gvalue_traits<ref<T>> {
    static constexpr auto kind =
        detail::make_gvalue_kind<ref<T>, T>(detail::gvalue_kind::category::instance);

    static ref<T> get(const GValue* value) noexcept {
        T* const lent = static_cast<T*>(g_value_peek_pointer(value));
        if constexpr (requires { ref_traits<T>::ref(lent); })
            return ref<T>::retain(lent);
        else
            return ref<T>::adopt(lent ? static_cast<T*>(g_boxed_copy(G_VALUE_TYPE(value), lent))
                                      : nullptr);
    }

    static void set(GValue* value, ref<T> given) noexcept
        requires gobject<T>
    {
        g_value_take_object(value, given.release());
    }
};

} // namespace gawait
