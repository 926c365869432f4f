#pragma once

#include "gawait/ref.hpp"
#include "support/descriptors.hpp"

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>

#include <utility>

namespace gawait::test {

/// Streams for a pipe that can be written to by its descriptor, and for one that cannot.
struct pipe_streams {
    pipe_streams() : pipe_streams(descriptor_pair::pipe(), descriptor_pair::pipe()) {}

    descriptor far;
    ref<GInputStream> input; // what is written to far

    ref<GOutputStream> output;
    ref<GInputStream> other_input; // what is written to output

private:
    pipe_streams(descriptor_pair one, descriptor_pair other)
        : far(std::move(one.second)), input(input_of(one.first)),
          output(ref<GOutputStream>::adopt(g_unix_output_stream_new(other.second.release(), TRUE))),
          other_input(input_of(other.first)) {}

    /// A stream that closes the descriptor.
    static ref<GInputStream> input_of(descriptor& end) {
        return ref<GInputStream>::adopt(g_unix_input_stream_new(end.release(), TRUE));
    }
};

/// One end of a pair of connected sockets as GIO has it, the other as the kernel does.
class connection {
public:
    connection() : connection(descriptor_pair::sockets()) {}

    GSocketConnection* get() const { return connection_; }
    GSocket* socket() const { return g_socket_connection_get_socket(connection_); }
    GInputStream* input() const { return g_io_stream_get_input_stream(stream()); }
    GOutputStream* output() const { return g_io_stream_get_output_stream(stream()); }
    GIOStream* stream() const { return reinterpret_cast<GIOStream*>(connection_.get()); }

    descriptor far;

private:
    explicit connection(descriptor_pair ends) : far(std::move(ends.second)) {
        const auto near = ref<GSocket>::adopt(g_socket_new_from_fd(ends.first.release(), nullptr));
        connection_ =
            ref<GSocketConnection>::adopt(g_socket_connection_factory_create_connection(near));
    }

    ref<GSocketConnection> connection_;
};

} // namespace gawait::test
