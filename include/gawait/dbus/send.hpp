#pragma once

#include "gawait/arguments.hpp"
#include "gawait/dbus/call.hpp"
#include "gawait/dbus/proxy.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

namespace gawait::dbus {

/// Calls a method of a remote object of which no answer is wanted, and tells the object so. There
/// is nothing to await: the message is in the connection's queue when this returns, behind what was
/// sent before. Whether anybody gets it, nobody tells.
///
/// @param arguments are made a message at once, by `value_traits`: none has to live on.
/// @throws value_error if an argument or name is one that D-Bus does not allow, or all are too
///     large or too deep for a message.
/// @throws gawait::error `G_IO_ERROR_CLOSED` if the connection is closed.
template <class... Arguments>
void send(const proxy& to, const cstring& interface, const cstring& method,
          const Arguments&... arguments) {
    const std::string& destination = to.destination();
    detail::method_call made(to.connection(), destination.empty() ? nullptr : destination.c_str(),
                             to.path(), interface, method, to.options());
    if constexpr (sizeof...(Arguments) > 0) {
        ref<GUnixFDList> descriptors;
        GVariant* const body =
            detail::structure_traits<Arguments...>::to(descriptors, arguments...);
        made.carry(body, descriptors);
    }
    made.send_only();
}

} // namespace gawait::dbus
