#include "gawait/gio/input_stream.hpp"
#include "gawait/gio/network_monitor.hpp"
#include "gawait/gio/output_stream.hpp"
#include "gawait/gio/proxy.hpp"
#include "gawait/gio/proxy_resolver.hpp"
#include "gawait/gio/resolver.hpp"
#include "gawait/gio/socket_address_enumerator.hpp"
#include "gawait/gio/socket_client.hpp"
#include "gawait/gio/socket_connection.hpp"
#include "gawait/gio/socket_listener.hpp"
#include "gawait/gio/tls_interaction.hpp"
#include "gawait/gio/unix_connection.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"

#include "support/descriptors.hpp"
#include "support/is_cancelled.hpp"
#include "support/listening.hpp"
#include "support/objects.hpp"
#include "support/streams.hpp"

#include <gio/gunixconnection.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <type_traits>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

/// No server is asked for it: a part of it has more than 63 characters.
const std::string no_name = std::string(64, 'x') + ".example";

ref<GUnixConnection> connection_over(descriptor end) {
    const auto socket = adopt(g_socket_new_from_fd(end.release(), nullptr));
    return adopt(G_UNIX_CONNECTION(g_socket_connection_factory_create_connection(socket)));
}

task<std::string> echo_once(ref<GSocketListener> listener) {
    auto accepted = co_await gio::socket_listener_accept(listener);
    static_assert(std::is_same_v<decltype(accepted.socket_connection), ref<GSocketConnection>>);
    static_assert(std::is_same_v<decltype(accepted.source_object), ref<GObject>>);
    EXPECT_EQ(accepted.source_object, nullptr);
    GIOStream* both = G_IO_STREAM(accepted.socket_connection.get());
    std::string buffer(100, '\0');
    const auto got = co_await gio::input_stream_read(g_io_stream_get_input_stream(both), buffer);
    buffer.resize(std::size_t(got));
    co_await gio::output_stream_write_all(g_io_stream_get_output_stream(both), buffer);
    co_return buffer;
}

task<std::string> ask(guint16 port, std::string_view question) {
    const auto client = adopt(g_socket_client_new());
    auto connection = co_await gio::socket_client_connect_to_host(client, "127.0.0.1", port);
    GIOStream* both = G_IO_STREAM(connection.get());
    co_await gio::output_stream_write_all(g_io_stream_get_output_stream(both), question);
    std::string answer(100, '\0');
    answer.resize(co_await gio::input_stream_read_all(g_io_stream_get_input_stream(both), answer));
    co_return answer;
}

TEST(typed_network, connects_accepts_and_talks) {
    const listening server;
    run([](const listening& on) -> task<> {
        auto [heard, answer] = co_await when_all(echo_once(on.listener), ask(on.port, "hello"sv));
        EXPECT_EQ(heard, "hello");
        EXPECT_EQ(answer, "hello");
    }(server));
}

TEST(typed_network, accepting_is_cancelled_by_a_timeout) {
    const listening server;
    run([](const listening& on) -> task<> {
        auto outcome =
            co_await as_result(with_timeout(1ms, gio::socket_listener_accept_socket(on.listener)));
        EXPECT_TRUE(outcome.has_error());
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }(server));
}

TEST(typed_network, takes_an_address_where_a_connectable_is_wanted) {
    const listening server;
    run([](const listening& on) -> task<> {
        const auto address = adopt(g_network_address_new("127.0.0.1", on.port));
        auto connection =
            co_await gio::socket_client_connect(adopt(g_socket_client_new()), address);
        EXPECT_TRUE(g_socket_connection_is_connected(connection));
    }(server));
}

TEST(typed_network, takes_an_address_as_text_or_for_a_socket_of_ones_own) {
    const listening server;
    run([](const listening& on) -> task<> {
        const std::string uri = "test://127.0.0.1:" + std::to_string(on.port) + "/";
        auto by_uri =
            co_await gio::socket_client_connect_to_uri(adopt(g_socket_client_new()), uri, 1);
        static_assert(std::is_same_v<decltype(by_uri), ref<GSocketConnection>>);
        EXPECT_TRUE(g_socket_connection_is_connected(by_uri));

        const auto socket = adopt(g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                               G_SOCKET_PROTOCOL_TCP, nullptr));
        const auto connection = adopt(g_socket_connection_factory_create_connection(socket));
        const auto address = adopt(g_inet_socket_address_new_from_string("127.0.0.1", on.port));
        EXPECT_TRUE(co_await gio::socket_connection_connect(connection, address));
        EXPECT_TRUE(g_socket_connection_is_connected(connection));
    }(server));
}

TEST(typed_network, a_port_where_nobody_listens_refuses) {
    const guint16 port = listening().port;
    run([](guint16 closed) -> task<> {
        auto outcome = co_await as_result(ask(closed, "hello"sv));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_CONNECTION_REFUSED));
    }(port));
}

TEST(typed_network, resolves_a_loopback_name_to_a_list_of_addresses) {
    run([]() -> task<> {
        const auto resolver = adopt(g_resolver_get_default());
        auto addresses = co_await gio::resolver_lookup_by_name(resolver, "127.0.0.1");
        static_assert(std::is_same_v<decltype(addresses), list<GInetAddress>>);
        EXPECT_EQ(addresses.size(), 1U);
        for (GInetAddress* address : addresses)
            EXPECT_TRUE(g_inet_address_get_is_loopback(address));
    }());
}

TEST(typed_network, resolves_one_family_alone) {
    run([]() -> task<> {
        const auto resolver = adopt(g_resolver_get_default());
        auto addresses = co_await gio::resolver_lookup_by_name_with_flags(
            resolver, "localhost", G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY);
        EXPECT_FALSE(addresses.empty());
        for (GInetAddress* address : addresses)
            EXPECT_EQ(g_inet_address_get_family(address), G_SOCKET_FAMILY_IPV4);
    }());
}

TEST(typed_network, resolves_an_address_to_a_name) {
    run([]() -> task<> {
        const auto resolver = adopt(g_resolver_get_default());
        const auto address = adopt(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
        auto name = co_await as_result(gio::resolver_lookup_by_address(resolver, address));
        static_assert(std::is_same_v<decltype(name), result<unique_string>>);
        // Not every machine has a name for it.
        EXPECT_TRUE(name ? **name != '\0' : name.error().domain() == G_RESOLVER_ERROR);
    }());
}

TEST(typed_network, a_name_that_cannot_be_has_no_records_and_no_service) {
    run([]() -> task<> {
        const auto resolver = adopt(g_resolver_get_default());
        auto records = co_await as_result(
            gio::resolver_lookup_records(resolver, no_name, G_RESOLVER_RECORD_TXT));
        static_assert(std::is_same_v<decltype(records), result<list<GVariant>>>);
        EXPECT_TRUE(records.error().matches(G_RESOLVER_ERROR, G_RESOLVER_ERROR_INTERNAL));

        auto targets =
            co_await as_result(gio::resolver_lookup_service(resolver, "http", "tcp", no_name));
        static_assert(std::is_same_v<decltype(targets), result<list<GSrvTarget>>>);
        EXPECT_TRUE(targets.error().matches(G_RESOLVER_ERROR, G_RESOLVER_ERROR_INTERNAL));

        const auto client = adopt(g_socket_client_new());
        auto connection =
            co_await as_result(gio::socket_client_connect_to_service(client, no_name, "http"));
        static_assert(std::is_same_v<decltype(connection), result<ref<GSocketConnection>>>);
        EXPECT_TRUE(connection.error().matches(G_RESOLVER_ERROR, G_RESOLVER_ERROR_INTERNAL));
    }());
}

TEST(typed_network, lookups_are_cancelled) {
    run([]() -> task<> {
        const auto resolver = adopt(g_resolver_get_default());
        EXPECT_TRUE(co_await is_cancelled(
            gio::resolver_lookup_records(resolver, "example.org", G_RESOLVER_RECORD_TXT)));
        EXPECT_TRUE(co_await is_cancelled(
            gio::resolver_lookup_service(resolver, "http", "tcp", "example.org")));
        EXPECT_TRUE(co_await is_cancelled(gio::socket_client_connect_to_service(
            adopt(g_socket_client_new()), "example.org", "http")));
    }());
}

TEST(typed_network, connects_through_a_proxy) {
    const connection to_proxy;
    to_proxy.far.write("HTTP/1.0 200 OK\r\n\r\n");
    run([](const connection& there) -> task<> {
        const auto proxy = adopt(g_proxy_get_default_for_protocol("http"));
        const auto of_proxy = adopt(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
        const auto address = adopt(G_PROXY_ADDRESS(
            g_proxy_address_new(of_proxy, 8080, "http", "example.org", 443, nullptr, nullptr)));
        auto through = co_await gio::proxy_connect(proxy, there.stream(), address);
        static_assert(std::is_same_v<decltype(through), ref<GIOStream>>);
        EXPECT_EQ(through, there.stream());
        EXPECT_TRUE(there.far.read().starts_with("CONNECT example.org:443 HTTP/1.0\r\n"));

        const auto unanswered = co_await as_result(
            with_timeout(1ms, gio::proxy_connect(proxy, there.stream(), address)));
        EXPECT_TRUE(unanswered.error().matches(G_IO_ERROR_TIMED_OUT));
    }(to_proxy));
}

TEST(typed_network, sends_and_gets_credentials) {
    descriptor_pair ends = descriptor_pair::sockets();
    run([](ref<GUnixConnection> one, ref<GUnixConnection> other) -> task<> {
        auto [sent, got] = co_await when_all(gio::unix_connection_send_credentials(one),
                                             gio::unix_connection_receive_credentials(other));
        static_assert(std::is_same_v<decltype(got), ref<GCredentials>>);
        EXPECT_TRUE(sent);
        EXPECT_EQ(g_credentials_get_unix_pid(got, nullptr), getpid());

        const auto late =
            co_await as_result(with_timeout(1ms, gio::unix_connection_receive_credentials(other)));
        EXPECT_TRUE(late.error().matches(G_IO_ERROR_TIMED_OUT));
    }(connection_over(std::move(ends.first)), connection_over(std::move(ends.second))));
}

TEST(typed_network, asks_for_a_password_which_nobody_answers) {
    run([]() -> task<> {
        const auto nobody = adopt(G_TLS_INTERACTION(g_object_new(G_TYPE_TLS_INTERACTION, nullptr)));
        const auto password = adopt(g_tls_password_new(G_TLS_PASSWORD_NONE, "the key"));
        const auto answer = co_await gio::tls_interaction_ask_password(nobody, password);
        EXPECT_EQ(answer, G_TLS_INTERACTION_UNHANDLED);
    }());
}

TEST(typed_network, gives_an_empty_handle_after_the_last_address) {
    run([]() -> task<> {
        const auto address = adopt(g_network_address_new("127.0.0.1", 80));
        const auto addresses =
            adopt(g_socket_connectable_enumerate(G_SOCKET_CONNECTABLE(address.get())));
        auto first = co_await gio::socket_address_enumerator_next(addresses);
        EXPECT_NE(first, nullptr);
        auto second = co_await gio::socket_address_enumerator_next(addresses);
        EXPECT_EQ(second, nullptr);
    }());
}

TEST(typed_network, gives_strings_that_are_owned) {
    run([]() -> task<> {
        const auto resolver =
            adopt(g_simple_proxy_resolver_new("socks5://127.0.0.1:1080", nullptr));
        auto proxies = co_await gio::proxy_resolver_lookup(resolver, "http://example.org/");
        static_assert(std::is_same_v<decltype(proxies), unique_strv>);
        EXPECT_GE(g_strv_length(proxies.get()), 1U);
        EXPECT_TRUE(g_str_has_prefix(proxies.get()[0], "socks"));
    }());
}

TEST(typed_network, tells_whether_an_address_can_be_reached) {
    run([]() -> task<> {
        GNetworkMonitor* monitor = g_network_monitor_get_default();
        const auto address = adopt(g_network_address_new("127.0.0.1", 80));
        auto outcome = co_await as_result(gio::network_monitor_can_reach(monitor, address));
        // A machine without a network says that it has none.
        EXPECT_TRUE(outcome ? *outcome : outcome.error().domain() == G_IO_ERROR);
    }());
}

} // namespace
} // namespace gawait::test
