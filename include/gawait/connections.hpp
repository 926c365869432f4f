#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <type_traits>

namespace gawait {
namespace detail {

GAWAIT_API async_generator<ref<GSocketConnection>> connections_of(ref<GSocketListener> listener);
GAWAIT_API async_generator<ref<GSocketConnection>> connections_of(ref<GSocketService> service);

} // namespace detail

/// The connections that come to a listener.
///
///     auto connections = connections_of(listener);
///     while (ref<GSocketConnection>* connection = co_await connections.next())
///         children.spawn(serve, *connection);
///
/// There is no end: a generator that waits is cancelled with its task. A connection that comes
/// while nobody waits waits in the kernel.
///
/// @param listener kept, and not closed.
/// @throws error out of `next()`: `G_IO_ERROR_CLOSED` if the listener was closed.
template <handle_to<GSocketListener> Listener>
async_generator<ref<GSocketConnection>> connections_of(const Listener& listener) {
    // A service accepts by itself.
    if constexpr (is_a<handled_t<Listener>, GSocketService>)
        return detail::connections_of(ref_to<GSocketService>(listener));
    else
        return detail::connections_of(ref_to<GSocketListener>(listener));
}

} // namespace gawait
