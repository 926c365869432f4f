#pragma once

#include "gawait/arguments.hpp"
#include "gawait/detail/stream_operation.hpp"
#include "gawait/handle.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <utility>

namespace gawait {

// What GIO's streams can be asked, by the names of its functions: `co_await read_from(input,
// buffer)` is `g_input_stream_read_async()`. Results, errors and pending flags are GIO's. A stream
// over a descriptor (of a GSocketConnection, a pipe) costs far less than GIO's own operation: it is
// tried without blocking, and waited for by the engine's poller, so that it takes no GSource, no
// GTask and no thread, and does not slow down the others that wait. Every other stream is awaited
// by GIO's operation, and so is a socket with a time limit (`g_socket_set_timeout()`).
//
// Where that differs: what can be moved at once is there without the coroutine being suspended; and
// a socket that is closed under an operation ends it only by and by, as the loop goes round.
//
// All take as a stream whatever holds one (see handle.hpp), and an I/O priority. All throw
// `cancelled` if the task was cancelled; bytes that were moved by then are lost to the caller,
// except of `skip_in()`. All throw `error` as GIO says: `G_IO_ERROR_PENDING` while another
// operation of the stream lasts, `G_IO_ERROR_CLOSED` if the stream was closed.

namespace detail {

template <class Stream, class Buffer> struct read_call {
    using value_type = gssize;
    using transfer = read_transfer;
    static constexpr const char* name = "g_input_stream_read_async";

    object_argument<GInputStream, Stream> stream;
    buffer_argument<Buffer> buffer;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(read_transfer& polled) {
        return polled.prepare(stream.get(), buffer.template data<void>(),
                              buffer.template size<gsize>(), priority, read_transfer::amount::some);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_input_stream_read_async(stream.get(), buffer.template data<void>(),
                                  buffer.template size<gsize>(), priority, cancellable, callback,
                                  data);
    }

    gssize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        return g_input_stream_read_finish(stream.get(), result, error);
    }
};

template <class Stream, class Buffer> struct read_all_call {
    using value_type = gsize;
    using transfer = read_transfer;
    static constexpr const char* name = "g_input_stream_read_all_async";

    object_argument<GInputStream, Stream> stream;
    buffer_argument<Buffer> buffer;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(read_transfer& polled) {
        return polled.prepare(stream.get(), buffer.template data<void>(),
                              buffer.template size<gsize>(), priority, read_transfer::amount::all);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_input_stream_read_all_async(stream.get(), buffer.template data<void>(),
                                      buffer.template size<gsize>(), priority, cancellable,
                                      callback, data);
    }

    gsize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        gsize read = 0;
        if (!g_input_stream_read_all_finish(stream.get(), result, &read, error))
            ensure_error(error);
        return read;
    }
};

template <class Stream> struct read_bytes_call {
    using value_type = ref<GBytes>;
    using transfer = read_bytes_transfer;
    static constexpr const char* name = "g_input_stream_read_bytes_async";

    object_argument<GInputStream, Stream> stream;
    gsize count;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(read_bytes_transfer& polled) {
        return polled.prepare(stream.get(), count, priority);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        if (count == 0)
            read_no_bytes(stream.get(), priority, cancellable, callback, data);
        else
            g_input_stream_read_bytes_async(stream.get(), count, priority, cancellable, callback,
                                            data);
    }

    ref<GBytes> finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        return ref<GBytes>::adopt(g_input_stream_read_bytes_finish(stream.get(), result, error));
    }
};

template <class Stream> struct skip_call {
    using value_type = gssize;
    using transfer = skip_transfer;
    static constexpr const char* name = "g_input_stream_skip_async";

    object_argument<GInputStream, Stream> stream;
    gsize count;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(skip_transfer& polled) { return polled.prepare(stream.get(), count, priority); }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_input_stream_skip_async(stream.get(), count, priority, cancellable, callback, data);
    }

    gssize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        return g_input_stream_skip_finish(stream.get(), result, error);
    }
};

template <class Stream, class Buffer> struct write_call {
    using value_type = gssize;
    using transfer = write_transfer;
    static constexpr const char* name = "g_output_stream_write_async";

    object_argument<GOutputStream, Stream> stream;
    buffer_argument<Buffer> buffer;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(write_transfer& polled) {
        return polled.prepare(stream.get(), buffer.template data<const void>(),
                              buffer.template size<gsize>(), priority,
                              write_transfer::amount::some);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_output_stream_write_async(stream.get(), buffer.template data<void>(),
                                    buffer.template size<gsize>(), priority, cancellable, callback,
                                    data);
    }

    gssize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        return g_output_stream_write_finish(stream.get(), result, error);
    }
};

template <class Stream, class Buffer> struct write_all_call {
    using value_type = gsize;
    using transfer = write_transfer;
    static constexpr const char* name = "g_output_stream_write_all_async";

    object_argument<GOutputStream, Stream> stream;
    buffer_argument<Buffer> buffer;
    int priority;

    bool valid() const noexcept { return stream.valid(); }

    bool prepare(write_transfer& polled) {
        return polled.prepare(stream.get(), buffer.template data<const void>(),
                              buffer.template size<gsize>(), priority, write_transfer::amount::all);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_output_stream_write_all_async(stream.get(), buffer.template data<void>(),
                                        buffer.template size<gsize>(), priority, cancellable,
                                        callback, data);
    }

    gsize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        gsize written = 0;
        if (!g_output_stream_write_all_finish(stream.get(), result, &written, error))
            ensure_error(error);
        return written;
    }
};

template <class Stream, class Bytes> struct write_bytes_call {
    using value_type = gssize;
    using transfer = write_transfer;
    static constexpr const char* name = "g_output_stream_write_bytes_async";

    object_argument<GOutputStream, Stream> stream;
    object_argument<GBytes, Bytes> bytes;
    int priority;

    bool valid() const noexcept { return stream.valid() && bytes.valid(); }

    bool prepare(write_transfer& polled) {
        gsize size = 0;
        const void* data = g_bytes_get_data(bytes.get(), &size);
        return polled.prepare(stream.get(), data, size, priority, write_transfer::amount::some);
    }

    void start(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_output_stream_write_bytes_async(stream.get(), bytes.get(), priority, cancellable,
                                          callback, data);
    }

    gssize finish(GObject* /*source*/, GAsyncResult* result, GError** error) {
        return g_output_stream_write_bytes_finish(stream.get(), result, error);
    }
};

} // namespace detail

/// Reads what there is, at least a byte and at most what the buffer holds.
///
/// @param buffer is kept until the end if it is a view, else stays the caller's.
/// @return how many bytes; 0 at the end of the stream.
template <handle_to<GInputStream> Stream, buffer_of<std::byte> Buffer>
auto read_from(Stream&& stream, Buffer&& buffer, io_options options = {}) {
    return detail::stream_operation(detail::read_call<Stream, Buffer>{
        std::forward<Stream>(stream), std::forward<Buffer>(buffer), options.priority});
}

/// Fills the buffer, as far as the stream goes.
///
/// @return how many bytes: fewer than the buffer holds at the end of the stream.
template <handle_to<GInputStream> Stream, buffer_of<std::byte> Buffer>
auto read_all_from(Stream&& stream, Buffer&& buffer, io_options options = {}) {
    return detail::stream_operation(detail::read_all_call<Stream, Buffer>{
        std::forward<Stream>(stream), std::forward<Buffer>(buffer), options.priority});
}

/// Reads what there is, at least a byte and at most `count`, into memory of its own, which a
/// stream over a descriptor allocates only when there is something to read.
///
/// @return no bytes at the end of the stream.
template <handle_to<GInputStream> Stream>
auto read_bytes_from(Stream&& stream, gsize count, io_options options = {}) {
    return detail::stream_operation(
        detail::read_bytes_call<Stream>{std::forward<Stream>(stream), count, options.priority});
}

/// Reads `count` bytes and drops them.
///
/// @return how many it were: fewer at the end of the stream, or if it was cancelled after some.
template <handle_to<GInputStream> Stream>
auto skip_in(Stream&& stream, gsize count, io_options options = {}) {
    return detail::stream_operation(
        detail::skip_call<Stream>{std::forward<Stream>(stream), count, options.priority});
}

/// Writes what the stream takes, at least a byte.
///
/// @param buffer a temporary that owns its bytes is kept until the end.
/// @return how many bytes.
template <handle_to<GOutputStream> Stream, buffer_of<const std::byte> Buffer>
auto write_to(Stream&& stream, Buffer&& buffer, io_options options = {}) {
    return detail::stream_operation(detail::write_call<Stream, Buffer>{
        std::forward<Stream>(stream), std::forward<Buffer>(buffer), options.priority});
}

/// Writes the whole buffer.
///
/// @return how many bytes that were.
template <handle_to<GOutputStream> Stream, buffer_of<const std::byte> Buffer>
auto write_all_to(Stream&& stream, Buffer&& buffer, io_options options = {}) {
    return detail::stream_operation(detail::write_all_call<Stream, Buffer>{
        std::forward<Stream>(stream), std::forward<Buffer>(buffer), options.priority});
}

/// Writes what the stream takes of some bytes, of which it keeps a temporary `ref`.
///
/// @return how many bytes.
template <handle_to<GOutputStream> Stream, handle_to<GBytes> Bytes>
auto write_bytes_to(Stream&& stream, Bytes&& bytes, io_options options = {}) {
    return detail::stream_operation(detail::write_bytes_call<Stream, Bytes>{
        std::forward<Stream>(stream), std::forward<Bytes>(bytes), options.priority});
}

} // namespace gawait
