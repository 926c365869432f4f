#include "detail/polled_stream.hpp"

#include "gawait/ref.hpp"

#include <gio/gfiledescriptorbased.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>

#include <fcntl.h>

#include <atomic>
#include <memory>
#include <string_view>

namespace gawait::detail {
namespace {

/// A number that is given to one object only. It is not the address, which another object gets.
std::uintptr_t number_of(GObject* object) noexcept {
    static const GQuark quark = g_quark_from_static_string("gawait-open-file");
    static std::atomic<std::uintptr_t> numbers{0};
    if (gpointer given = g_object_get_qdata(object, quark))
        return GPOINTER_TO_SIZE(given);
    const std::uintptr_t fresh = numbers.fetch_add(1, std::memory_order_relaxed) + 1;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): GLib's way to keep a number
    g_object_set_qdata(object, quark, GSIZE_TO_POINTER(fresh));
    return fresh;
}

// How GIO reads and writes by itself, where a class has no way of its own.

template <class Class> const Class& class_of(GType type) noexcept {
    return *static_cast<const Class*>(g_type_class_ref(type)); // which stays
}

bool is_polled(GInputStream* stream) noexcept {
    static const auto& usual = class_of<GInputStreamClass>(G_TYPE_INPUT_STREAM);
    const auto* own = G_INPUT_STREAM_GET_CLASS(stream);
    return own->read_async == usual.read_async && own->skip_async == usual.skip_async &&
           G_IS_POLLABLE_INPUT_STREAM(stream) &&
           g_pollable_input_stream_can_poll(reinterpret_cast<GPollableInputStream*>(stream));
}

bool is_polled(GOutputStream* stream) noexcept {
    static const auto& usual = class_of<GOutputStreamClass>(G_TYPE_OUTPUT_STREAM);
    return G_OUTPUT_STREAM_GET_CLASS(stream)->write_async == usual.write_async &&
           G_IS_POLLABLE_OUTPUT_STREAM(stream) &&
           g_pollable_output_stream_can_poll(reinterpret_cast<GPollableOutputStream*>(stream));
}

/// The streams of a GSocketConnection are of private classes.
bool has_socket(GObject* stream) noexcept {
    const std::string_view name = G_OBJECT_TYPE_NAME(stream);
    return name == "GSocketInputStream" || name == "GSocketOutputStream";
}

bool is_unix_stream(GObject* stream) noexcept {
    const GType type = G_OBJECT_TYPE(stream);
    return type == G_TYPE_UNIX_INPUT_STREAM || type == G_TYPE_UNIX_OUTPUT_STREAM;
}

/// Whether nobody but the stream closes its descriptor.
bool owns_descriptor(GObject* stream) noexcept {
    if (G_IS_UNIX_INPUT_STREAM(stream))
        return g_unix_input_stream_get_close_fd(reinterpret_cast<GUnixInputStream*>(stream));
    if (G_IS_UNIX_OUTPUT_STREAM(stream))
        return g_unix_output_stream_get_close_fd(reinterpret_cast<GUnixOutputStream*>(stream));
    return false;
}

} // namespace

template <class Stream> polled_stream* polled_stream::known(Stream* stream) {
    static const GQuark quark = g_quark_from_static_string("gawait-polled-stream");
    auto* const object = reinterpret_cast<GObject*>(stream);
    if (gpointer found = g_object_get_qdata(object, quark))
        return static_cast<polled_stream*>(found);
    if (!is_polled(stream))
        return nullptr;
    auto fresh = std::make_unique<polled_stream>();
    fresh->stream_ = object;
    if (has_socket(object)) {
        GSocket* socket = nullptr;
        g_object_get(object, "socket", &socket, nullptr);
        const auto owned = ref<GSocket>::adopt(socket);
        fresh->socket_ = owned.get(); // which the stream keeps
    } else if (!G_IS_FILE_DESCRIPTOR_BASED(object)) {
        return nullptr;
    } else {
        const int flags = fcntl(fresh->fd(), F_GETFL);
        fresh->blocks_ = flags >= 0 && !(flags & O_NONBLOCK);
    }
    fresh->file_ = number_of(fresh->socket_ ? reinterpret_cast<GObject*>(fresh->socket_) : object);
    polled_stream* const made = fresh.release();
    g_object_set_qdata_full(object, quark, made, [](gpointer gone) {
        const std::unique_ptr<polled_stream> owned(static_cast<polled_stream*>(gone));
    });
    return made;
}

polled_stream* polled_stream::of(GInputStream* stream) { return known(stream); }
polled_stream* polled_stream::of(GOutputStream* stream) { return known(stream); }

bool polled_stream::is_plain() const noexcept { return socket_ || is_unix_stream(stream_); }

int polled_stream::fd() const noexcept {
    if (!socket_)
        return g_file_descriptor_based_get_fd(reinterpret_cast<GFileDescriptorBased*>(stream_));
    // The time that it may take is counted by GIO's source.
    return g_socket_get_timeout(socket_) == 0 ? g_socket_get_fd(socket_) : -1;
}

std::uintptr_t polled_stream::file() const noexcept {
    return socket_ || owns_descriptor(stream_) ? file_ : 0;
}

} // namespace gawait::detail
