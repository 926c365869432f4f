#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"

#include "support/async_library.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"
#include "support/session_bus.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

// D-Bus ----------------------------------------------------------------------------

class async_on_a_bus : public testing::Test {
protected:
    static void SetUpTestSuite() { daemon.emplace(); }
    static void TearDownTestSuite() { daemon.reset(); }

    /// Calls a method of the service.
    task<std::string> call(const char* method, const char* text) {
        // With the flags before it, the int is a timeout.
        const auto reply = co_await async(g_dbus_connection_call, g_dbus_connection_call_finish,
                                          client, service.name(), service.path, service.interface,
                                          method, g_variant_new("(s)", text), G_VARIANT_TYPE("(s)"),
                                          G_DBUS_CALL_FLAGS_NONE, -1);
        const char* answer = nullptr;
        g_variant_get(reply, "(&s)", &answer);
        co_return answer;
    }

    static inline std::optional<session_bus> daemon;
    // Not the default one, whose tasks end with each run().
    own_context context;
    bus_service service{*daemon};
    ref<GDBusConnection> client = daemon->connect();
};

task<> wait_until(std::function<bool()> done) {
    while (!done())
        co_await sleep_for(100us);
}

TEST_F(async_on_a_bus, a_plain_function_needs_no_object) {
    const auto bus = run(async(g_bus_get, g_bus_get_finish, G_BUS_TYPE_SESSION));

    static_assert(std::is_same_v<decltype(bus), const ref<GDBusConnection>>);
    EXPECT_NE(g_dbus_connection_get_unique_name(bus), nullptr);
    // GLib would end the program with the bus.
    g_dbus_connection_set_exit_on_close(bus, FALSE);
}

TEST_F(async_on_a_bus, a_constructor_gives_the_new_object) {
    const auto connection =
        run(async(g_dbus_connection_new_for_address, g_dbus_connection_new_for_address_finish,
                  daemon->address(),
                  GDBusConnectionFlags(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
                  nullptr));

    EXPECT_FALSE(g_dbus_connection_is_closed(connection));
    run(async<void>(g_dbus_connection_close, g_dbus_connection_close_finish, connection));
    EXPECT_TRUE(g_dbus_connection_is_closed(connection));
}

TEST_F(async_on_a_bus, a_call_gives_the_reply) { EXPECT_EQ(run(call("Echo", "hello")), "hello"); }

TEST_F(async_on_a_bus, twenty_calls_run_at_a_time) {
    const auto call_all = [this]() -> task<std::vector<std::string>> {
        std::vector<task<std::string>> calls;
        for (int number = 0; number < 20; ++number)
            calls.push_back(call("Hold", "held"));
        co_return co_await when_all(std::move(calls));
    };
    const auto answers = spawn(call_all());

    run(wait_until([&] { return service.held() == 20; }));
    service.answer_held();

    EXPECT_EQ(run(answers), std::vector<std::string>(20, "held"));
}

TEST_F(async_on_a_bus, an_error_of_the_peer_is_thrown) {
    const error failure = error_of(call("Fail", "no such luck"));

    EXPECT_TRUE(failure.matches(G_IO_ERROR_DBUS_ERROR));
    EXPECT_EQ(unique_string(g_dbus_error_get_remote_error(failure.get())).get(),
              std::string_view("gawait.Test.Failed"));
    EXPECT_TRUE(std::string_view(failure.message()).ends_with("no such luck"));
}

TEST_F(async_on_a_bus, an_error_of_the_bus_keeps_its_domain) {
    EXPECT_TRUE(error_of(call("Nonsense", "")).matches(G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD));
}

TEST_F(async_on_a_bus, a_late_answer_is_waited_for) {
    const auto answer = spawn(call("Hold", "late"));
    run(wait_until([&] { return service.held() == 1; }));
    run(sleep_for(20ms));
    EXPECT_FALSE(answer.done());

    service.answer_held();

    EXPECT_EQ(run(answer), "late");
}

TEST_F(async_on_a_bus, a_call_is_cancelled_in_flight) {
    const auto answer = spawn(call("Hold", "never"));
    run(wait_until([&] { return service.held() == 1; }));

    answer.cancel();

    EXPECT_THROW(run(answer), cancelled);
    // The answer comes all the same, and nobody is there for it.
    service.answer_held();
    EXPECT_EQ(run(call("Echo", "next")), "next");
}

TEST_F(async_on_a_bus, a_proxy_is_constructed_and_called) {
    const auto use = [this]() -> task<std::string> {
        const auto proxy = co_await async(g_dbus_proxy_new, g_dbus_proxy_new_finish, client,
                                          G_DBUS_PROXY_FLAGS_NONE, nullptr, service.name(),
                                          service.path, service.interface);
        const auto reply =
            co_await async(g_dbus_proxy_call, g_dbus_proxy_call_finish, proxy, "Echo",
                           g_variant_new("(s)", "hello"), G_DBUS_CALL_FLAGS_NONE, -1);
        const char* answer = nullptr;
        g_variant_get(reply, "(&s)", &answer);
        co_return answer;
    };

    EXPECT_EQ(run(use()), "hello");
}

TEST_F(async_on_a_bus, a_variadic_start_function_is_called_by_a_lambda) {
    const auto start = [this](GCancellable* cancellable, GAsyncReadyCallback callback,
                              gpointer data) {
        g_async_initable_new_async(G_TYPE_DBUS_PROXY, G_PRIORITY_DEFAULT, cancellable, callback,
                                   data, "g-connection", client.get(), "g-name", service.name(),
                                   "g-object-path", service.path, "g-interface-name",
                                   service.interface, nullptr);
    };

    // The finish function wants the object that the callback told of.
    const auto proxy = run(async<ref<GDBusProxy>>(start, g_async_initable_new_finish));

    EXPECT_STREQ(g_dbus_proxy_get_interface_name(proxy), service.interface);
}

// Sockets, subprocesses, names ------------------------------------------------------

/// What a listener gives: the connection, and an object that it keeps itself.
struct accepted {
    accepted(GSocketConnection* accepted_connection, GObject* borrowed) noexcept
        : connection(adopt(accepted_connection)), listens_for(borrowed) {}

    ref<GSocketConnection> connection;
    GObject* listens_for;
};

task<> echo_until_closed(GSocketListener* listener, GObject* listens_for) {
    const auto [connection, object] = co_await async<accepted>(
        g_socket_listener_accept_async, g_socket_listener_accept_finish, listener);
    EXPECT_EQ(object, listens_for);
    const auto stream = G_IO_STREAM(connection.get());
    for (;;) {
        const auto received =
            co_await async(g_input_stream_read_bytes_async, g_input_stream_read_bytes_finish,
                           g_io_stream_get_input_stream(stream), 4096);
        if (g_bytes_get_size(received) == 0)
            break;
        gsize length = 0;
        const void* data = g_bytes_get_data(received, &length);
        co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                       g_io_stream_get_output_stream(stream), data, length);
    }
    co_await async<void>(g_io_stream_close_async, g_io_stream_close_finish, stream);
}

task<std::string> send_and_receive(guint16 port, std::string_view text) {
    const auto client = adopt(g_socket_client_new());
    const auto connection =
        co_await async(g_socket_client_connect_to_host_async,
                       g_socket_client_connect_to_host_finish, client, "127.0.0.1", port);
    const auto stream = G_IO_STREAM(connection.get());
    co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                   g_io_stream_get_output_stream(stream), text.data(), text.size());
    std::string answer(text.size(), '\0');
    answer.resize(co_await async(g_input_stream_read_all_async, g_input_stream_read_all_finish,
                                 g_io_stream_get_input_stream(stream), answer.data(),
                                 answer.size()));
    co_await async<void>(g_io_stream_close_async, g_io_stream_close_finish, stream);
    co_return answer;
}

TEST(async, sockets_echo_on_loopback) {
    const auto listener = adopt(g_socket_listener_new());
    const auto listens_for = new_object();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, listens_for, nullptr);
    ASSERT_NE(port, 0);
    std::string text(100'000, '\0');
    for (std::size_t index = 0; index < text.size(); ++index)
        text[index] = char('a' + index % 26);

    const auto [ended, answer] =
        run(when_all(echo_until_closed(listener, listens_for), send_and_receive(port, text)));

    EXPECT_EQ(answer, text);
    g_socket_listener_close(listener);
}

TEST(async, an_accept_is_cancelled_in_flight) {
    const auto listener = adopt(g_socket_listener_new());
    ASSERT_NE(g_socket_listener_add_any_inet_port(listener, nullptr, nullptr), 0);
    const auto accepting = spawn(echo_until_closed(listener, nullptr));
    run(sleep_for(1ms));

    accepting.cancel();

    EXPECT_THROW(run(accepting), cancelled);
}

TEST(async, a_subprocess_is_talked_to) {
    const auto cat = adopt(g_subprocess_new(
        GSubprocessFlags(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE), nullptr,
        "cat", nullptr));
    ASSERT_NE(cat, nullptr);

    const auto [output, errors] = run(async(g_subprocess_communicate_utf8_async,
                                            g_subprocess_communicate_utf8_finish, cat, "words"));

    EXPECT_STREQ(output.get(), "words");
    EXPECT_EQ(errors, nullptr);
}

TEST(async, the_failure_of_a_subprocess_is_an_error) {
    const auto fails = adopt(g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, nullptr, "false", nullptr));
    ASSERT_NE(fails, nullptr);

    EXPECT_TRUE(
        error_of(async(g_subprocess_wait_check_async, g_subprocess_wait_check_finish, fails))
            .matches(G_SPAWN_EXIT_ERROR, 1));
}

TEST(async, numeric_addresses_are_resolved) {
    const auto resolver = adopt(g_resolver_get_default());
    const auto address_of = [&](const char* name) {
        const auto addresses = run(async<list<GInetAddress>>(
            g_resolver_lookup_by_name_async, g_resolver_lookup_by_name_finish, resolver, name));
        EXPECT_EQ(addresses.size(), 1U);
        return std::string(unique_string(g_inet_address_to_string(*addresses.begin())).get());
    };

    EXPECT_EQ(address_of("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(address_of("::1"), "::1");
}

} // namespace
} // namespace gawait::test
