#pragma once

#include <gio/gio.h>

#include <climits>
#include <cstddef>
#include <cstdint>

namespace gawait::detail {

/// What is known of a stream over a descriptor. It lives as long as the stream, in its data.
class polled_stream {
public:
    /// That of a stream which GIO itself reads, or writes, by trying without blocking and waiting
    /// for its descriptor; null of any other.
    static polled_stream* of(GInputStream* stream);
    static polled_stream* of(GOutputStream* stream);

    /// The descriptor, or negative if the stream cannot be waited for by it, now.
    int fd() const noexcept;

    /// As `fd_watch::leave_registered()` takes it.
    std::uintptr_t file() const noexcept;

    /// Whether it holds back nothing that was read from the descriptor.
    bool is_plain() const noexcept;

    /// How much can be written at once without waiting, where `poll()` says that something can. GIO
    /// polls and then writes, which waits if all does not fit and the descriptor is a blocking one.
    std::size_t most_at_once() const noexcept { return blocks_ ? PIPE_BUF : SIZE_MAX; }

    /// What a read has found last: there is no more to read, unless that has come since.
    bool drained = false;

private:
    template <class Stream> static polled_stream* known(Stream* stream);

    GObject* stream_ = nullptr;
    GSocket* socket_ = nullptr; // that the stream keeps
    std::uintptr_t file_ = 0;
    bool blocks_ = false;
};

} // namespace gawait::detail
