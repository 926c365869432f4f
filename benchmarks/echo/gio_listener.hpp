#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstdio>
#include <string>

namespace gawait::benchmarks {

/// How much a connection reads at once.
inline constexpr gsize buffer_size = 256 * 1024;

/// Has a listener or service listen on a free port of the loopback interface.
///
/// @return what a client is told: "tcp:PORT".
inline std::string listen_on_loopback(GSocketListener* listener) {
    g_socket_listener_set_backlog(listener, 4096);
    const auto host = ref<GInetAddress>::adopt(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
    const auto wanted = ref<GSocketAddress>::adopt(g_inet_socket_address_new(host, 0));
    GSocketAddress* effective = nullptr;
    GError* failure = nullptr;
    if (!g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, nullptr, &effective, &failure))
        g_error("cannot listen: %s", failure->message);
    const auto bound = ref<GSocketAddress>::adopt(effective);
    return "tcp:" +
           std::to_string(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound.get())));
}

/// The same, and prints it.
inline void listen_and_tell(GSocketListener* listener) {
    std::puts(listen_on_loopback(listener).c_str());
    std::fflush(stdout);
}

} // namespace gawait::benchmarks
