// Both ends of TLS, over the loopback device and with certificates made for the test.

#include "gawait/gio/dtls_connection.hpp"
#include "gawait/gio/input_stream.hpp"
#include "gawait/gio/io_stream.hpp"
#include "gawait/gio/output_stream.hpp"
#include "gawait/gio/socket_client.hpp"
#include "gawait/gio/socket_listener.hpp"
#include "gawait/gio/tls_connection.hpp"
#include "gawait/gio/tls_database.hpp"
#include "gawait/gio/tls_interaction.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"

#include "support/certificates.hpp"
#include "support/is_cancelled.hpp"
#include "support/listening.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

/// Adopts what was made, or throws.
template <class T> ref<T> made(gpointer object, GError* failure) {
    if (failure)
        throw error(failure);
    return adopt(static_cast<T*>(object));
}

/// The ends of a connection, which have not shaken hands.
template <class Connection> struct tls_ends {
    ref<Connection> server;
    ref<Connection> client;
};

task<tls_ends<GTlsConnection>> connected(const certificates& own, ref<GTlsDatabase> trusted) {
    const listening on;
    const auto connecting = adopt(g_socket_client_new());
    auto [accepted, client_side] =
        co_await when_all(gio::socket_listener_accept(on.listener),
                          gio::socket_client_connect_to_host(connecting, "127.0.0.1", on.port));

    const auto name = adopt(g_network_address_new("localhost", on.port));
    GError* failure = nullptr;
    auto* server = g_tls_server_connection_new(G_IO_STREAM(accepted.socket_connection.get()),
                                               own.of_localhost(), &failure);
    tls_ends<GTlsConnection> ends;
    ends.server = made<GTlsConnection>(server, failure);
    auto* client = g_tls_client_connection_new(G_IO_STREAM(client_side.get()),
                                               G_SOCKET_CONNECTABLE(name.get()), &failure);
    ends.client = made<GTlsConnection>(client, failure);
    g_tls_connection_set_database(ends.client, trusted);
    co_return ends;
}

/// One that is bound to a port of its own.
ref<GSocket> datagram_socket() {
    auto socket = adopt(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr));
    const auto any_port = adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    g_socket_bind(socket, any_port, FALSE, nullptr);
    return socket;
}

void connect(GSocket* socket, GSocket* to) {
    const auto address = adopt(g_socket_get_local_address(to, nullptr));
    g_socket_connect(socket, address, nullptr, nullptr);
}

tls_ends<GDtlsConnection> datagram_ends(const certificates& own) {
    const auto server_side = datagram_socket();
    const auto client_side = datagram_socket();
    connect(server_side, client_side);
    connect(client_side, server_side);

    const auto name = adopt(g_network_address_new("localhost", 1));
    GError* failure = nullptr;
    auto* server = g_dtls_server_connection_new(G_DATAGRAM_BASED(server_side.get()),
                                                own.of_localhost(), &failure);
    tls_ends<GDtlsConnection> ends;
    ends.server = made<GDtlsConnection>(server, failure);
    // In its constructor glib-networking 2.80 drops an object that is none, which is a critical.
    const auto fatal = g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
    auto* client = g_dtls_client_connection_new(G_DATAGRAM_BASED(client_side.get()),
                                                G_SOCKET_CONNECTABLE(name.get()), &failure);
    g_log_set_always_fatal(fatal);
    ends.client = made<GDtlsConnection>(client, failure);
    g_dtls_connection_set_database(ends.client, own.database());
    return ends;
}

bool send(GDtlsConnection* end, std::string_view data) {
    GOutputVector part{data.data(), data.size()};
    GOutputMessage message{nullptr, &part, 1, 0, nullptr, 0};
    return g_datagram_based_send_messages(G_DATAGRAM_BASED(end), &message, 1, 0, -1, nullptr,
                                          nullptr) == 1;
}

std::string receive(GDtlsConnection* end) {
    std::string data(100, '\0');
    GInputVector part{data.data(), data.size()};
    GInputMessage message{nullptr, &part, 1, 0, 0, nullptr, nullptr};
    g_datagram_based_receive_messages(G_DATAGRAM_BASED(end), &message, 1, 0, -1, nullptr, nullptr);
    data.resize(message.bytes_received);
    return data;
}

task<std::string> serve_by_tls(ref<GTlsConnection> server) {
    EXPECT_TRUE(co_await gio::tls_connection_handshake(server));
    GIOStream* both = G_IO_STREAM(server.get());
    std::string question(100, '\0');
    const auto got = co_await gio::input_stream_read(g_io_stream_get_input_stream(both), question);
    question.resize(std::size_t(got));
    co_await gio::output_stream_write_all(g_io_stream_get_output_stream(both), "an answer"sv);
    co_await gio::io_stream_close(both);
    co_return question;
}

task<std::string> ask_by_tls(ref<GTlsConnection> client) {
    EXPECT_TRUE(co_await gio::tls_connection_handshake(client));
    GIOStream* both = G_IO_STREAM(client.get());
    co_await gio::output_stream_write_all(g_io_stream_get_output_stream(both), "a question"sv);
    std::string answer(100, '\0');
    answer.resize(co_await gio::input_stream_read_all(g_io_stream_get_input_stream(both), answer));
    co_await gio::io_stream_close(both);
    co_return answer;
}

/// What comes of a handshake that fails, after which the server is left alone.
task<error> failure_of_handshake(ref<GTlsConnection> client) {
    const auto outcome = co_await as_result(gio::tls_connection_handshake(client));
    (void)co_await as_result(gio::io_stream_close(G_IO_STREAM(client.get())));
    co_return outcome.error();
}

class typed_tls : public testing::Test {
protected:
    const certificates own_;
};

TEST_F(typed_tls, two_ends_shake_hands_and_talk) {
    run([](const certificates& own) -> task<> {
        auto ends = co_await connected(own, own.database());
        auto [question, answer] =
            co_await when_all(serve_by_tls(ends.server), ask_by_tls(ends.client));
        EXPECT_EQ(question, "a question");
        EXPECT_EQ(answer, "an answer");
        EXPECT_TRUE(g_tls_certificate_is_same(g_tls_connection_get_peer_certificate(ends.client),
                                              own.of_localhost()));
    }(own_));
}

TEST_F(typed_tls, a_certificate_of_nobody_that_is_trusted_is_refused_at_both_ends) {
    const certificates others("others");
    run([](const certificates& own, ref<GTlsDatabase> trusted) -> task<> {
        auto ends = co_await connected(own, trusted);
        auto [server, client] = co_await when_all(as_result(serve_by_tls(ends.server)),
                                                  failure_of_handshake(ends.client));
        EXPECT_TRUE(client.matches(G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE));
        EXPECT_EQ(server.error().domain(), G_TLS_ERROR) << server.error().what();
    }(own_, others.database()));
}

TEST_F(typed_tls, a_handler_accepts_what_the_database_does_not) {
    const certificates others("others");
    run([](const certificates& own, ref<GTlsDatabase> trusted) -> task<> {
        auto ends = co_await connected(own, trusted);
        GTlsCertificateFlags wrong{};
        const auto accept = [&](const ref<GTlsCertificate>& shown, GTlsCertificateFlags why) {
            wrong = why;
            return bool(g_tls_certificate_is_same(shown, own.of_localhost()));
        };
        std::string answer;
        const auto talk = [&](scope& children) -> task<> {
            const auto accepting =
                gio::tls_connection_accept_certificate(ends.client).connect(children, accept);
            auto both = co_await when_all(serve_by_tls(ends.server), ask_by_tls(ends.client));
            answer = std::get<1>(both);
            accepting.disconnect();
        };
        co_await with_scope(talk);
        EXPECT_EQ(wrong, G_TLS_CERTIFICATE_UNKNOWN_CA);
        EXPECT_EQ(answer, "an answer");
    }(own_, others.database()));
}

TEST_F(typed_tls, a_handshake_with_nobody_is_cancelled_by_a_timeout) {
    run([](const certificates& own) -> task<> {
        auto ends = co_await connected(own, own.database());
        const auto outcome =
            co_await as_result(with_timeout(1ms, gio::tls_connection_handshake(ends.client)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }(own_));
}

TEST_F(typed_tls, datagrams_after_a_handshake_and_its_end) {
    run([](tls_ends<GDtlsConnection> ends) -> task<> {
        co_await when_all(gio::dtls_connection_handshake(ends.server),
                          gio::dtls_connection_handshake(ends.client));
        EXPECT_TRUE(send(ends.client, "a question"sv));
        EXPECT_EQ(receive(ends.server), "a question");

        EXPECT_TRUE(co_await gio::dtls_connection_shutdown(ends.client, false, true));
        EXPECT_EQ(receive(ends.server), "");
        EXPECT_TRUE(co_await gio::dtls_connection_close(ends.server));
        EXPECT_TRUE(co_await gio::dtls_connection_close(ends.client));
    }(datagram_ends(own_)));
}

TEST_F(typed_tls, a_handshake_by_datagrams_is_cancelled_by_a_timeout) {
    run([](tls_ends<GDtlsConnection> ends) -> task<> {
        const auto outcome =
            co_await as_result(with_timeout(1ms, gio::dtls_connection_handshake(ends.client)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }(datagram_ends(own_)));
}

TEST_F(typed_tls, a_database_verifies_a_certificate_for_a_name) {
    run([](const certificates& own) -> task<> {
        const auto database = own.database();
        const auto shown = own.of_localhost();
        const auto verify = [&](const char* host) {
            return gio::tls_database_verify_chain(
                database, shown, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER,
                adopt(g_network_address_new(host, 443)), nullptr, G_TLS_DATABASE_VERIFY_NONE);
        };
        auto flags = co_await verify("localhost");
        static_assert(std::is_same_v<decltype(flags), GTlsCertificateFlags>);
        EXPECT_EQ(flags, 0);
        EXPECT_EQ(co_await verify("example.org"), G_TLS_CERTIFICATE_BAD_IDENTITY);
    }(own_));
}

TEST_F(typed_tls, a_database_knows_the_issuer_of_a_certificate) {
    run([](const certificates& own) -> task<> {
        const auto database = own.database();
        const auto shown = own.of_localhost();
        auto issuer = co_await gio::tls_database_lookup_certificate_issuer(
            database, shown, nullptr, G_TLS_DATABASE_LOOKUP_NONE);
        static_assert(std::is_same_v<decltype(issuer), ref<GTlsCertificate>>);
        EXPECT_TRUE(g_tls_certificate_is_same(issuer, own.of_the_authority()));
    }(own_));
}

TEST_F(typed_tls, a_database_gives_a_certificate_by_its_handle) {
    run([](const certificates& own) -> task<> {
        const auto database = own.database();
        const unique_string handle(
            g_tls_database_create_certificate_handle(database, own.of_the_authority()));
        auto found = co_await gio::tls_database_lookup_certificate_for_handle(
            database, handle, nullptr, G_TLS_DATABASE_LOOKUP_NONE);
        static_assert(std::is_same_v<decltype(found), ref<GTlsCertificate>>);
        EXPECT_TRUE(g_tls_certificate_is_same(found, own.of_the_authority()));
    }(own_));
}

TEST_F(typed_tls, a_database_lists_what_an_authority_issued) {
    run([](ref<GTlsDatabase> database) -> task<> {
        // CN=authority, as certificates have it.
        constexpr auto dn = "\x30\x14\x31\x12\x30\x10\x06\x03\x55\x04\x03\x0c\x09"
                            "authority"sv;
        const auto issuer = adopt(g_byte_array_new());
        g_byte_array_append(issuer, reinterpret_cast<const guint8*>(dn.data()), guint(dn.size()));
        auto issued = co_await gio::tls_database_lookup_certificates_issued_by(
            database, issuer, nullptr, G_TLS_DATABASE_LOOKUP_NONE);
        static_assert(std::is_same_v<decltype(issued), list<GTlsCertificate>>);
        EXPECT_EQ(issued.size(), 1U) << "the authority's own";
        for (GTlsCertificate* certificate : issued)
            EXPECT_EQ(g_tls_certificate_verify(certificate, nullptr, certificate), 0);
    }(own_.database()));
}

TEST_F(typed_tls, looking_into_a_database_is_cancelled) {
    run([](const certificates& own) -> task<> {
        const auto database = own.database();
        const auto shown = own.of_localhost();
        const unique_string handle(
            g_tls_database_create_certificate_handle(database, own.of_the_authority()));
        EXPECT_TRUE(co_await is_cancelled(gio::tls_database_verify_chain(
            database, shown, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, nullptr, nullptr,
            G_TLS_DATABASE_VERIFY_NONE)));
        EXPECT_TRUE(co_await is_cancelled(gio::tls_database_lookup_certificate_issuer(
            database, shown, nullptr, G_TLS_DATABASE_LOOKUP_NONE)));
        EXPECT_TRUE(co_await is_cancelled(gio::tls_database_lookup_certificate_for_handle(
            database, handle, nullptr, G_TLS_DATABASE_LOOKUP_NONE)));
    }(own_));
}

TEST_F(typed_tls, asks_for_a_certificate_which_nobody_has) {
    run([](const certificates& own) -> task<> {
        auto ends = co_await connected(own, own.database());
        const auto nobody = adopt(G_TLS_INTERACTION(g_object_new(G_TYPE_TLS_INTERACTION, nullptr)));
        const auto answer = co_await gio::tls_interaction_request_certificate(
            nobody, ends.client, GTlsCertificateRequestFlags{});
        EXPECT_EQ(answer, G_TLS_INTERACTION_UNHANDLED);
    }(own_));
}

} // namespace
} // namespace gawait::test
