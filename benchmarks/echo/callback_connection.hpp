#pragma once

#include "echo/gio_listener.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <array>
#include <memory>
#include <utility>

namespace gawait::benchmarks {

/// Sends back what comes, by GIO's streams and callbacks, as a program in C does it. Destroys
/// itself when the other end has gone.
class callback_connection {
public:
    /// @param messages counts what was sent back; lives as long as this.
    static void begin(GSocketConnection* accepted, long& messages) {
        read(std::unique_ptr<callback_connection>(new callback_connection(accepted, messages)));
    }

private:
    callback_connection(GSocketConnection* accepted, long& messages)
        : stream_(ref<GIOStream>::retain(reinterpret_cast<GIOStream*>(accepted))),
          messages_(messages) {}

    GInputStream* input() const { return g_io_stream_get_input_stream(stream_); }
    GOutputStream* output() const { return g_io_stream_get_output_stream(stream_); }

    static std::unique_ptr<callback_connection> taken(gpointer data) {
        return std::unique_ptr<callback_connection>(static_cast<callback_connection*>(data));
    }

    static void read(std::unique_ptr<callback_connection> self) {
        callback_connection& by = *self;
        g_input_stream_read_async(by.input(), by.buffer_.data(), by.buffer_.size(),
                                  G_PRIORITY_DEFAULT, nullptr, was_read, self.release());
    }

    static void was_read(GObject*, GAsyncResult* result, gpointer data) {
        auto self = taken(data);
        const gssize got = g_input_stream_read_finish(self->input(), result, nullptr);
        if (got <= 0)
            return;
        callback_connection& by = *self;
        g_output_stream_write_all_async(by.output(), by.buffer_.data(), gsize(got),
                                        G_PRIORITY_DEFAULT, nullptr, was_written, self.release());
    }

    static void was_written(GObject*, GAsyncResult* result, gpointer data) {
        auto self = taken(data);
        if (!g_output_stream_write_all_finish(self->output(), result, nullptr, nullptr))
            return;
        ++self->messages_;
        read(std::move(self));
    }

    ref<GIOStream> stream_;
    long& messages_;
    std::array<char, buffer_size> buffer_;
};

} // namespace gawait::benchmarks
