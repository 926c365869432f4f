// Sends back what comes over TCP, by coroutines that await GIO's streams.
//
// usage: echo_streams [operations]
//
// Each await is one of streams.hpp or, if so asked for, GIO's own operation. Prints its address,
// and ends with its input.

#include "echo/gio_listener.hpp"
#include "gawait/async.hpp"
#include "gawait/fd.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/streams.hpp"
#include "gawait/when_any.hpp"
#include "support/descriptor.hpp"

#include <array>
#include <memory>
#include <span>
#include <string_view>

namespace gawait::benchmarks {
namespace {

using buffer = std::array<char, buffer_size>;

struct streams {
    static auto read(GInputStream* from, buffer& into) { return read_from(from, into); }
    static auto write(GOutputStream* to, std::span<const char> data) {
        return write_all_to(to, std::span(data));
    }
};

struct operations {
    static auto read(GInputStream* from, buffer& into) {
        return async(g_input_stream_read_async, g_input_stream_read_finish, from, into.data(),
                     into.size());
    }
    static auto write(GOutputStream* to, std::span<const char> data) {
        return async(g_output_stream_write_all_async, g_output_stream_write_all_finish, to,
                     data.data(), data.size());
    }
};

template <class By> task<> serve(ref<GSocketConnection> connection) {
    auto* const stream = reinterpret_cast<GIOStream*>(connection.get());
    GInputStream* const input = g_io_stream_get_input_stream(stream);
    GOutputStream* const output = g_io_stream_get_output_stream(stream);
    const auto memory = std::make_unique_for_overwrite<buffer>();
    for (;;) {
        const auto got = co_await as_result(By::read(input, *memory));
        if (!got || *got <= 0)
            co_return;
        const std::span<const char> data(memory->data(), std::size_t(*got));
        const auto put = co_await as_result(By::write(output, data));
        if (!put)
            co_return;
    }
}

/// What is accepted is only lent, as is the object beside it.
struct accepted {
    accepted(GSocketConnection* owned, GObject* /*lent*/) noexcept
        : connection(ref<GSocketConnection>::adopt(owned)) {}

    ref<GSocketConnection> connection;
};

template <class By> task<> accept_all(scope& connections) {
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    listen_and_tell(listener);
    for (;;) {
        auto next = co_await async<accepted>(g_socket_listener_accept_async,
                                             g_socket_listener_accept_finish, listener);
        connections.spawn(serve<By>(std::move(next.connection)));
    }
}

template <class By> task<> serve_until_input_ends() {
    co_await with_scope([](scope& connections) -> task<> {
        connections.spawn(accept_all<By>(connections));
        co_await readable(STDIN_FILENO);
        connections.cancel();
    });
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) {
    using namespace gawait;
    benchmarks::raise_file_limit();
    const bool by_operations = count > 1 && std::string_view(arguments[1]) == "operations";
    [[maybe_unused]] const auto ended =
        run(as_result(by_operations ? benchmarks::serve_until_input_ends<benchmarks::operations>()
                                    : benchmarks::serve_until_input_ends<benchmarks::streams>()));
}
