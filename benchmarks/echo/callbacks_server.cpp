// Sends back what comes over TCP, by GIO's streams and callbacks, as a program in C does it.
//
// Prints its address, and ends with its input.

#include "echo/gio_listener.hpp"
#include "support/descriptor.hpp"

#include <glib-unix.h>

#include <array>
#include <memory>

namespace gawait::benchmarks {
namespace {

/// Destroys itself when the other end has gone.
class connection {
public:
    explicit connection(GSocketConnection* accepted)
        : stream_(ref<GIOStream>::retain(reinterpret_cast<GIOStream*>(accepted))) {}

    static void begin(std::unique_ptr<connection> self) { read(std::move(self)); }

private:
    GInputStream* input() const { return g_io_stream_get_input_stream(stream_); }
    GOutputStream* output() const { return g_io_stream_get_output_stream(stream_); }

    static std::unique_ptr<connection> taken(gpointer data) {
        return std::unique_ptr<connection>(static_cast<connection*>(data));
    }

    static void read(std::unique_ptr<connection> self) {
        connection& by = *self;
        g_input_stream_read_async(by.input(), by.buffer_.data(), by.buffer_.size(),
                                  G_PRIORITY_DEFAULT, nullptr, was_read, self.release());
    }

    static void was_read(GObject*, GAsyncResult* result, gpointer data) {
        auto self = taken(data);
        const gssize got = g_input_stream_read_finish(self->input(), result, nullptr);
        if (got <= 0)
            return;
        connection& by = *self;
        g_output_stream_write_all_async(by.output(), by.buffer_.data(), gsize(got),
                                        G_PRIORITY_DEFAULT, nullptr, was_written, self.release());
    }

    static void was_written(GObject*, GAsyncResult* result, gpointer data) {
        auto self = taken(data);
        if (g_output_stream_write_all_finish(self->output(), result, nullptr, nullptr))
            read(std::move(self));
    }

    ref<GIOStream> stream_;
    std::array<char, buffer_size> buffer_;
};

gboolean incoming(GSocketService*, GSocketConnection* accepted, GObject*, gpointer) {
    connection::begin(std::make_unique<connection>(accepted));
    return TRUE;
}

} // namespace
} // namespace gawait::benchmarks

int main() {
    using namespace gawait;
    benchmarks::raise_file_limit();
    const auto service = ref<GSocketService>::adopt(g_socket_service_new());
    benchmarks::listen_and_tell(G_SOCKET_LISTENER(service.get()));
    g_signal_connect(service, "incoming", G_CALLBACK(benchmarks::incoming), nullptr);
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
