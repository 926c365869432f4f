#include "gawait/unix_signal.hpp"

#include <glib-unix.h>

#include <csignal>

namespace gawait {

ref<GSource> unix_signal_awaiter::make_source(int number) {
    switch (number) {
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
    case SIGUSR1:
    case SIGUSR2:
    case SIGWINCH:
        return ref<GSource>::adopt(g_unix_signal_source_new(number));
    default:
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::unix_signal: GLib can wait for SIGHUP, SIGINT, SIGTERM, SIGUSR1, "
                    "SIGUSR2 and SIGWINCH only");
    }
}

void unix_signal_awaiter::set_callback(GSource* source) noexcept {
    g_source_set_callback(
        source, [](gpointer data) { return static_cast<unix_signal_awaiter*>(data)->dispatched(); },
        this, nullptr);
}

} // namespace gawait
