#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::test {

/// A listener on a port of the loopback device.
struct listening {
    ref<GSocketListener> listener = adopt(g_socket_listener_new());
    guint16 port = bind();

private:
    guint16 bind() {
        GSocketAddress* effective = nullptr;
        const auto address = adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
        g_socket_listener_add_address(listener, address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, nullptr, &effective, nullptr);
        const auto bound = adopt(effective);
        return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound.get()));
    }
};

} // namespace gawait::test
