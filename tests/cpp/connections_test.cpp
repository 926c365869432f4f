#include "gawait/connections.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"

#include <gtest/gtest.h>

namespace gawait {
namespace {

using namespace std::chrono_literals;

task<ref<GSocketConnection>> connect_to(guint16 port) {
    const auto client = ref<GSocketClient>::adopt(g_socket_client_new());
    co_return co_await async(g_socket_client_connect_to_host_async,
                             g_socket_client_connect_to_host_finish, client, "127.0.0.1", port);
}

guint16 listen(GSocketListener* listener) {
    return g_socket_listener_add_any_inet_port(listener, nullptr, nullptr);
}

guint16 port_of_peer(GSocketConnection* connection) {
    const auto peer =
        ref<GSocketAddress>::adopt(g_socket_connection_get_remote_address(connection, nullptr));
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(peer.get()));
}

guint16 port_of(GSocketConnection* connection) {
    const auto own =
        ref<GSocketAddress>::adopt(g_socket_connection_get_local_address(connection, nullptr));
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(own.get()));
}

TEST(connections_of, a_listener_come_one_after_the_other) {
    const test::own_context context;
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    const guint16 port = listen(listener);
    const auto body = [&]() -> task<> {
        const auto first = co_await connect_to(port);
        const auto second = co_await connect_to(port);
        auto connections = connections_of(listener);
        EXPECT_EQ(port_of_peer(*co_await connections.next()), port_of(first));
        EXPECT_EQ(port_of_peer(*co_await connections.next()), port_of(second));
    };
    run(body());
}

TEST(connections_of, a_listener_may_be_cancelled_and_lose_none) {
    const test::own_context context;
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    const guint16 port = listen(listener);
    const auto body = [&]() -> task<> {
        const auto waiting = spawn([&]() -> task<> {
            auto connections = connections_of(listener);
            co_await connections.next();
        });
        co_await yield();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        const auto client = co_await connect_to(port);
        auto connections = connections_of(listener);
        EXPECT_EQ(port_of_peer(*co_await connections.next()), port_of(client));
    };
    run(body());
}

TEST(connections_of, a_listener_that_is_closed_fail) {
    const test::own_context context;
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    listen(listener);
    const auto body = [&]() -> task<> {
        g_socket_listener_close(listener);
        auto connections = connections_of(listener);
        EXPECT_TRUE((co_await as_result(connections.next())).error().matches(G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST(connections_of, a_service_are_those_that_it_accepts_from_the_call_on) {
    const test::own_context context;
    const auto service = ref<GSocketService>::adopt(g_socket_service_new());
    const guint16 port = listen(G_SOCKET_LISTENER(service.get()));
    const auto body = [&]() -> task<> {
        auto connections = connections_of(service);
        const auto first = co_await connect_to(port);
        const auto second = co_await connect_to(port);
        EXPECT_EQ(port_of_peer(*co_await connections.next()), port_of(first));
        EXPECT_EQ(port_of_peer(*co_await connections.next()), port_of(second));
        const auto none = co_await as_result(with_timeout(1ms, connections.next()));
        EXPECT_TRUE(none.error().matches(G_IO_ERROR_TIMED_OUT));
    };
    run(body());
    const guint incoming = g_signal_lookup("incoming", G_TYPE_SOCKET_SERVICE);
    EXPECT_FALSE(g_signal_has_handler_pending(service, incoming, 0, TRUE));
}

TEST(connections_of, are_open_until_they_are_dropped) {
    const test::own_context context;
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    const guint16 port = listen(listener);
    const auto body = [&]() -> task<> {
        const auto client = co_await connect_to(port);
        const auto before = test::open_descriptors();
        {
            auto connections = connections_of(listener);
            co_await connections.next();
            EXPECT_EQ(test::open_descriptors(), before + 1);
        }
        EXPECT_EQ(test::open_descriptors(), before);
    };
    run(body());
}

TEST(connections_of, of_null_are_refused) {
    const test::own_context context;
    const auto refused = [](auto all) {
        const auto outcome = run(as_result(all.next()));
        return outcome.has_error() && outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT);
    };
    EXPECT_TRUE(refused(connections_of(ref<GSocketListener>())));
}

} // namespace
} // namespace gawait
