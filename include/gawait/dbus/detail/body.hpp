#pragma once

#include "gawait/dbus/value.hpp"

#include <array>
#include <tuple>
#include <type_traits>

namespace gawait::dbus::detail {

/// A value in a variant, as properties are sent, whose type is known.
template <class T> struct boxed {
    const T& value;
};

/// What a message carries: one value is that, a `std::tuple` several, void and an empty one none.
template <class T> struct body : structure_traits<T> {
    static T read(GVariant* from, GUnixFDList* descriptors) {
        check_type(from, body::signature.characters);
        return value_traits<T>::from(child(from, 0), descriptors);
    }
    static GVariant* make(const T& value, ref<GUnixFDList>& descriptors) {
        return structure_traits<T>::to(descriptors, value);
    }
};

template <class... T> struct body<std::tuple<T...>> : structure_traits<T...> {
    static std::tuple<T...> read(GVariant* from, GUnixFDList* descriptors) {
        check_type(from, body::signature.characters);
        return structure_traits<T...>::template from<std::tuple<T...>>(from, descriptors);
    }
    static GVariant* make(const std::tuple<T...>& values, ref<GUnixFDList>& descriptors) {
        return std::apply(
            [&](const T&... each) { return structure_traits<T...>::to(descriptors, each...); },
            values);
    }
};

template <class T> struct body<boxed<T>> : structure_traits<boxed<T>> {
    static T read(GVariant* from, GUnixFDList* descriptors) {
        check_type(from, body::signature.characters);
        return value_traits<variant>::from(child(from, 0), descriptors).template get<T>();
    }
    static GVariant* make(const T& value, ref<GUnixFDList>& descriptors) {
        return structure_traits<boxed<T>>::to(descriptors, boxed<T>{value});
    }
};

/// What a signal carries, which has no descriptors.
///
/// @throws value_error
template <class... T> ref<GVariant> signal_body(const T&... values) {
    ref<GUnixFDList> descriptors;
    auto made = ref<GVariant>::adopt(
        g_variant_ref_sink(structure_traits<T...>::to(descriptors, values...)));
    refuse_descriptors(descriptors);
    return made;
}

/// Nothing to be sent; whatever comes is dropped.
template <> struct body<void> : structure_traits<> {
    static void read(GVariant* /*from*/, GUnixFDList* /*descriptors*/) noexcept {}
};

} // namespace gawait::dbus::detail

template <class T> struct gawait::dbus::value_traits<gawait::dbus::detail::boxed<T>> {
    static constexpr detail::text signature{"v"};
    static GVariant* to(const detail::boxed<T>& box, ref<GUnixFDList>& descriptors) {
        return g_variant_new_variant(value_traits<T>::to(box.value, descriptors));
    }
};
