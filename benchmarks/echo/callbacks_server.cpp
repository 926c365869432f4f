// Sends back what comes over TCP, by GIO's streams and callbacks.
//
// Prints its address, and ends with its input.

#include "echo/callback_connection.hpp"
#include "echo/gio_listener.hpp"
#include "support/descriptor.hpp"

#include <glib-unix.h>

namespace gawait::benchmarks {
namespace {

gboolean incoming(GSocketService*, GSocketConnection* accepted, GObject*, gpointer messages) {
    callback_connection::begin(accepted, *static_cast<long*>(messages));
    return TRUE;
}

} // namespace
} // namespace gawait::benchmarks

int main() {
    using namespace gawait;
    benchmarks::raise_file_limit();
    const auto service = ref<GSocketService>::adopt(g_socket_service_new());
    benchmarks::listen_and_tell(G_SOCKET_LISTENER(service.get()));
    long messages = 0;
    g_signal_connect(service, "incoming", G_CALLBACK(benchmarks::incoming), &messages);
    const auto loop = ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
    g_unix_fd_add(
        STDIN_FILENO, GIOCondition(G_IO_IN | G_IO_HUP),
        [](int, GIOCondition, gpointer running) -> gboolean {
            g_main_loop_quit(static_cast<GMainLoop*>(running));
            return G_SOURCE_REMOVE;
        },
        loop.get());
    g_main_loop_run(loop);
}
