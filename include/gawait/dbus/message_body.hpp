#pragma once

#include "gawait/dbus/detail/body.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

namespace gawait::dbus {

/// Whether the members of an aggregate are what a message carries, one for each argument, and not
/// one argument that is a structure. `gawait-gen` says so of results and of what signals carry:
///
///     struct size { unsigned width, height; };
///     template <> inline constexpr bool gawait::dbus::is_message_body<size> = true;
///
///     auto [width, height] = co_await dbus::call<size>(...);
template <class T> inline constexpr bool is_message_body = false;

namespace detail {

template <class T>
    requires is_message_body<T>
struct body<T> : value_traits<T> {
    static T read(GVariant* from, GUnixFDList* descriptors) {
        check_type(from, body::signature.characters);
        return body::from(from, descriptors);
    }
    static GVariant* make(const T& values, ref<GUnixFDList>& descriptors) {
        return body::to(values, descriptors);
    }
};

} // namespace detail
} // namespace gawait::dbus
