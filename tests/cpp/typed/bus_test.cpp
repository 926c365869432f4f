#include "gawait/gio/async_initable.hpp"
#include "gawait/gio/dbus_connection.hpp"
#include "gawait/gio/dbus_object_manager_client.hpp"
#include "gawait/gio/dbus_proxy.hpp"
#include "gawait/gio/functions.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"

#include "support/descriptors.hpp"
#include "support/loop.hpp"
#include "support/session_bus.hpp"

#include <gio/gunixfdlist.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

constexpr auto client_flags = GDBusConnectionFlags(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);

struct typed_bus : testing::Test {
    own_context context;
    session_bus bus;
    bus_service service{bus};
};

/// The string in a reply of `(s)`.
std::string text_of(GVariant* reply) {
    const char* text = nullptr;
    g_variant_get(reply, "(&s)", &text);
    return text;
}

TEST_F(typed_bus, connects_and_calls) {
    run([](const session_bus& at, const bus_service& to) -> task<> {
        auto connection = co_await gio::dbus_connection_new_for_address(at.address(), client_flags);
        auto reply = co_await gio::dbus_connection_call(
            connection, to.name(), bus_service::path, bus_service::interface, "Echo",
            g_variant_new("(s)", "hello"), G_VARIANT_TYPE("(s)"), G_DBUS_CALL_FLAGS_NONE, -1);
        static_assert(std::is_same_v<decltype(reply), ref<GVariant>>);
        EXPECT_EQ(text_of(reply), "hello");
        EXPECT_TRUE(co_await gio::dbus_connection_flush(connection));
        EXPECT_TRUE(co_await gio::dbus_connection_close(connection));
    }(bus, service));
}

TEST_F(typed_bus, takes_a_list_of_descriptors_and_a_variant_of_its_callers) {
    run([](const session_bus& at, const bus_service& to) -> task<> {
        const auto connection = at.connect();
        const auto text = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("(s)", "hi")));
        const auto none = ref<GUnixFDList>::adopt(g_unix_fd_list_new());
        auto reply = co_await gio::dbus_connection_call_with_unix_fd_list(
            connection, to.name(), bus_service::path, bus_service::interface, "Echo", text, nullptr,
            G_DBUS_CALL_FLAGS_NONE, -1, none);
        static_assert(std::is_same_v<decltype(reply.variant), ref<GVariant>>);
        static_assert(std::is_same_v<decltype(reply.fd_list), ref<GUnixFDList>>);
        EXPECT_EQ(text_of(reply.variant), "hi");
        EXPECT_EQ(text_of(text), "hi");
    }(bus, service));
}

TEST_F(typed_bus, frees_a_floating_variant_that_is_never_sent) {
    run([](const session_bus& at) -> task<> {
        const auto connection = at.connect();
        GVariant* floating = g_variant_new("(s)", "never sent");
        auto refused = co_await as_result(
            gio::dbus_connection_call(connection, nullptr, static_cast<const char*>(nullptr), "a.b",
                                      "C", floating, nullptr, G_DBUS_CALL_FLAGS_NONE, -1));
        EXPECT_TRUE(refused.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    }(bus));
}

TEST_F(typed_bus, calls_by_a_proxy) {
    run([](const session_bus& at, const bus_service& to) -> task<> {
        auto proxy =
            co_await gio::dbus_proxy_new(at.connect(), G_DBUS_PROXY_FLAGS_NONE, nullptr, to.name(),
                                         bus_service::path, bus_service::interface);
        static_assert(std::is_same_v<decltype(proxy), ref<GDBusProxy>>);
        auto reply = co_await gio::dbus_proxy_call(proxy, "Echo", g_variant_new("(s)", "hello"),
                                                   G_DBUS_CALL_FLAGS_NONE, -1);
        EXPECT_EQ(text_of(reply), "hello");
        auto failed = co_await as_result(gio::dbus_proxy_call(
            proxy, "Fail", g_variant_new("(s)", "why"), G_DBUS_CALL_FLAGS_NONE, -1));
        const unique_string name(g_dbus_error_get_remote_error(failed.error().get()));
        EXPECT_STREQ(name.get(), "gawait.Test.Failed");
    }(bus, service));
}

TEST_F(typed_bus, sends_a_message_and_gets_the_reply) {
    run([](const session_bus& at, const bus_service& to) -> task<> {
        const auto connection = at.connect();
        const auto message = adopt(g_dbus_message_new_method_call(to.name(), bus_service::path,
                                                                  bus_service::interface, "Echo"));
        g_dbus_message_set_body(message, g_variant_new("(s)", "hello"));
        auto reply = co_await gio::dbus_connection_send_message_with_reply(
            connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1);
        static_assert(std::is_same_v<decltype(reply), ref<GDBusMessage>>);
        EXPECT_EQ(text_of(g_dbus_message_get_body(reply)), "hello");
    }(bus, service));
}

TEST_F(typed_bus, makes_proxies_on_the_session_bus) {
    run([](const bus_service& to) -> task<> {
        auto proxy = co_await gio::dbus_proxy_new_for_bus(
            G_BUS_TYPE_SESSION, G_DBUS_PROXY_FLAGS_NONE, nullptr, to.name(), bus_service::path,
            bus_service::interface);
        static_assert(std::is_same_v<decltype(proxy), ref<GDBusProxy>>);
        auto reply = co_await gio::dbus_proxy_call_with_unix_fd_list(
            proxy, "Echo", g_variant_new("(s)", "hello"), G_DBUS_CALL_FLAGS_NONE, -1);
        EXPECT_EQ(text_of(reply.variant), "hello");
        EXPECT_EQ(reply.fd_list, nullptr);

        auto manager = co_await as_result(gio::dbus_object_manager_client_new_for_bus(
            G_BUS_TYPE_SESSION, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, to.name(),
            bus_service::path));
        // The object implements no ObjectManager, which GDBus finds out or not.
        EXPECT_TRUE(manager || manager.has_error());

        auto connection = co_await gio::bus_get(G_BUS_TYPE_SESSION);
        co_await gio::dbus_connection_close(connection);
    }(service));
}

TEST_F(typed_bus, connects_by_the_stream_of_an_address) {
    run([](const session_bus& at) -> task<> {
        auto stream = co_await gio::dbus_address_get_stream(at.address());
        static_assert(std::is_same_v<decltype(stream.io_stream), ref<GIOStream>>);
        static_assert(std::is_same_v<decltype(stream.guid), unique_string>);
        auto connection =
            co_await gio::dbus_connection_new(stream.io_stream, nullptr, client_flags);
        EXPECT_NE(g_dbus_connection_get_unique_name(connection), nullptr);
        co_await gio::dbus_connection_close(connection);
    }(bus));
}

TEST_F(typed_bus, a_connection_to_somebody_who_says_nothing_is_given_up) {
    const descriptor_pair silent = descriptor_pair::sockets();
    run([](int end) -> task<> {
        const auto socket = adopt(g_socket_new_from_fd(end, nullptr));
        const auto stream = adopt(g_socket_connection_factory_create_connection(socket));
        const auto outcome = co_await as_result(
            with_timeout(5ms, gio::dbus_connection_new(
                                  stream, nullptr, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }(dup(silent.first.get())));
}

TEST_F(typed_bus, a_call_is_cancelled_by_a_timeout) {
    run([](const session_bus& at, bus_service& to) -> task<> {
        const auto connection = at.connect();
        auto outcome = co_await as_result(with_timeout(
            20ms, gio::dbus_connection_call(
                      connection, to.name(), bus_service::path, bus_service::interface, "Hold",
                      g_variant_new("(s)", "x"), nullptr, G_DBUS_CALL_FLAGS_NONE, -1)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }(bus, service));
}

TEST_F(typed_bus, the_shared_connection_is_got) {
    run([]() -> task<> {
        auto connection = co_await gio::bus_get(G_BUS_TYPE_SESSION);
        static_assert(std::is_same_v<decltype(connection), ref<GDBusConnection>>);
        EXPECT_NE(g_dbus_connection_get_unique_name(connection), nullptr);
        co_await gio::dbus_connection_close(connection);
    }());
}

/// A callback that C keeps after the operation is destroyed when C lets go of it.
TEST_F(typed_bus, an_object_manager_keeps_the_callable_as_long_as_it_lives) {
    run([](const session_bus& at, const bus_service& to) -> task<> {
        const auto kept = std::make_shared<int>(0);
        {
            const auto connection = at.connect();
            auto type_of = [kept](GDBusObjectManagerClient*, const char*, const char*) {
                return G_TYPE_DBUS_PROXY;
            };
            auto made = co_await as_result(gio::dbus_object_manager_client_new(
                connection, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, to.name(), bus_service::path,
                std::move(type_of)));
            // The object implements no ObjectManager, which GDBus finds out or not.
            EXPECT_TRUE(made || made.has_error());
        }
        for (int round = 0; kept.use_count() > 1 && round < 1000; ++round)
            co_await sleep_for(1ms);
        EXPECT_EQ(kept.use_count(), 1);
    }(bus, service));
}

} // namespace
} // namespace gawait::test
