// A GInputStream whose read_async is a coroutine: it passes on another stream, at most so
// many bytes a second. What is built on top, GDataInputStream here, is plain GIO.

#include "gawait/gawait.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace gawait;

namespace {

// The class, as a C library would define it -----------------------------------------

struct PacedStream {
    GFilterInputStream base;
    double bytes_per_second;
};

struct PacedStreamClass {
    GFilterInputStreamClass base;
};

task<gssize> read_paced(ref<PacedStream> self, void* buffer, gsize size, int priority) {
    GInputStream* const source = g_filter_input_stream_get_base_stream(&self->base);
    const gssize got = co_await async(g_input_stream_read_async, g_input_stream_read_finish, source,
                                      buffer, size, priority);
    co_await sleep_for(std::chrono::duration<double>(double(got) / self->bytes_per_second));
    co_return got;
}

void paced_stream_read_async(GInputStream* self, void* buffer, gsize size, int priority,
                             GCancellable* cancellable, GAsyncReadyCallback callback,
                             gpointer data);

using reading = async_pair<gssize, paced_stream_read_async>;

// The buffer is the caller's, and stays until the callback: a cancelled body is waited for.
void paced_stream_read_async(GInputStream* self, void* buffer, gsize size, int priority,
                             GCancellable* cancellable, GAsyncReadyCallback callback,
                             gpointer data) {
    reading::start({self, priority, cancellable, callback, data},
                   read_paced(ref<PacedStream>::retain(reinterpret_cast<PacedStream*>(self)),
                              buffer, size, priority));
}

gssize paced_stream_read_finish(GInputStream* self, GAsyncResult* result, GError** failure) {
    return reading::finish(self, result, failure);
}

void paced_stream_class_init(gpointer made, gpointer) {
    auto* const methods = static_cast<GInputStreamClass*>(made);
    methods->read_async = paced_stream_read_async;
    methods->read_finish = paced_stream_read_finish;
}

GType paced_stream_get_type() {
    static const GType type = g_type_register_static_simple(
        G_TYPE_FILTER_INPUT_STREAM, "PacedStream", sizeof(PacedStreamClass),
        paced_stream_class_init, sizeof(PacedStream), nullptr, GTypeFlags(0));
    return type;
}

ref<GInputStream> paced_stream_new(GInputStream* source, double bytes_per_second) {
    auto* const made = static_cast<PacedStream*>(
        g_object_new(paced_stream_get_type(), "base-stream", source, nullptr));
    made->bytes_per_second = bytes_per_second;
    return ref<GInputStream>::adopt(reinterpret_cast<GInputStream*>(made));
}

// Its use ---------------------------------------------------------------------------

ref<GInputStream> slow_text(const std::string& text, double bytes_per_second) {
    const auto bytes = ref<GBytes>::adopt(g_bytes_new(text.data(), text.size()));
    const auto source = ref<GInputStream>::adopt(g_memory_input_stream_new_from_bytes(bytes));
    return paced_stream_new(source, bytes_per_second);
}

void require(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "paced_stream: %s\n", what);
    std::exit(EXIT_FAILURE);
}

task<> read_lines() {
    const auto lines =
        ref<GDataInputStream>::adopt(g_data_input_stream_new(slow_text("one\ntwo\nthree\n", 1000)));
    g_buffered_input_stream_set_buffer_size(reinterpret_cast<GBufferedInputStream*>(lines.get()),
                                            4);
    int count = 0;
    for (;;) {
        const auto [line, length] = co_await async(
            g_data_input_stream_read_line_async, g_data_input_stream_read_line_finish_utf8, lines);
        if (!line)
            break;
        std::printf("line %d: %s\n", ++count, line.get());
    }
    require(count == 3, "not all lines came");
}

task<> copy_to_memory() {
    const std::string text(2000, 'x');
    const auto copy = ref<GOutputStream>::adopt(g_memory_output_stream_new_resizable());
    const auto from = slow_text(text, 100'000);
    const gssize copied =
        co_await async(g_output_stream_splice_async, g_output_stream_splice_finish, copy, from,
                       GOutputStreamSpliceFlags(G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET));
    require(copied == gssize(text.size()), "not all bytes came");
    std::printf("copied %zd bytes\n", copied);
}

task<> give_up_waiting() {
    const auto endless = slow_text(std::string(1000, 'x'), 0.1);
    char buffer[16];
    const auto got = co_await as_result(with_timeout(
        std::chrono::milliseconds(10), async(g_input_stream_read_async, g_input_stream_read_finish,
                                             endless, buffer, sizeof buffer)));
    require(got.has_error() && got.error().matches(G_IO_ERROR_TIMED_OUT), "the read did not end");
    std::printf("gave up: %s\n", got.error().message());
}

task<> fail_with_the_source() {
    const auto source = ref<GInputStream>::adopt(g_memory_input_stream_new());
    g_input_stream_close(source, nullptr, nullptr);
    const auto lines =
        ref<GDataInputStream>::adopt(g_data_input_stream_new(paced_stream_new(source, 1000)));
    const auto got = co_await as_result(async(g_data_input_stream_read_line_async,
                                              g_data_input_stream_read_line_finish_utf8, lines));
    require(got.has_error() && got.error().matches(G_IO_ERROR_CLOSED), "the error did not come");
    std::printf("failed: %s\n", got.error().message());
}

task<> show() {
    co_await read_lines();
    co_await copy_to_memory();
    co_await give_up_waiting();
    co_await fail_with_the_source();
}

} // namespace

int main() {
    run(show());
    return EXIT_SUCCESS;
}
