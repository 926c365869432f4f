#include "gawait/connections.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/typed_operation.hpp"
#include "gawait/signal.hpp"

#include <tuple>
#include <utility>

namespace gawait::detail {
namespace {

using incoming_signal = object_signal<bool(ref<GSocketConnection>, ref<GObject>)>;

async_generator<ref<GSocketConnection>> incoming(ref<GSocketService> /*service*/,
                                                 emissions<incoming_signal::value_type> all) {
    while (auto next = co_await all.next())
        co_yield std::move(std::get<0>(*next));
}

} // namespace

async_generator<ref<GSocketConnection>> connections_of(ref<GSocketListener> listener) {
    if (!listener)
        throw invalid_argument_error("gawait::connections_of");
    for (;;) {
        auto accepted = co_await async(g_socket_listener_accept_async,
                                       g_socket_listener_accept_finish, listener);
        co_yield std::move(std::get<0>(accepted));
    }
}

// Connected at once, for the service accepts already.
async_generator<ref<GSocketConnection>> connections_of(ref<GSocketService> service) {
    incoming_signal signal(service, "incoming");
    return incoming(std::move(service), signal.emissions());
}

} // namespace gawait::detail
