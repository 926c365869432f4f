#include "gawait/detail/stream_transfer.hpp"

#include "detail/polled_stream.hpp"

#include <algorithm>
#include <array>

namespace gawait::detail {
namespace {

bool is_size(std::size_t size) noexcept { return size > 0 && size <= G_MAXSSIZE; }

} // namespace

void stream_transfer::set(int fd, std::uintptr_t file, int priority) noexcept {
    set_fd(fd);
    priority_ = priority;
    set_priority(std::min(priority, G_PRIORITY_DEFAULT));
    if (!goes_on_later())
        leave_registered(file);
}

bool stream_transfer::begin(engine& home) noexcept {
    home_ = &home;
    // What comes from now on is told, if it is registered.
    if (would_block() && home.is_registered(*this))
        return false;
    return advance();
}

bool stream_transfer::wait() noexcept {
    try {
        home_->watch(*this);
        return true;
    } catch (const error& reason) {
        failure_ = reason;
    } catch (...) {
        failure_.emplace(G_IO_ERROR_FAILED, "gawait: no memory to wait for a stream");
    }
    return false;
}

bool stream_transfer::cancel() noexcept {
    cancelled_ = true;
    home_->unwatch(*this);
    if (queued() || posted_)
        return false;
    finish();
    return true;
}

void stream_transfer::on_ready(fd_watch& watch) noexcept {
    auto& self = static_cast<stream_transfer&>(watch);
    if (self.goes_on_later() && !self.posted_) {
        self.post();
        return;
    }
    self.posted_ = false;
    self.set_priority(std::min(self.priority_, G_PRIORITY_DEFAULT));
    // It was closed if it is watched no more.
    if (!self.advance() && !self.cancelled_ && (self.watching() || self.wait()))
        return;
    self.finish();
    self.on_end();
}

/// Goes on at a worse priority than the poller's, to which the descriptor would be ready again and
/// again until then.
void stream_transfer::post() noexcept {
    home_->unwatch(*this);
    posted_ = true;
    set_priority(priority_);
    if (!home_->post(*this)) // the context is gone
        on_ready(*this);
}

/// Returns whether it has ended.
bool stream_transfer::advance() noexcept {
    for (;;) {
        GError* reason = nullptr;
        const gssize moved = attempt(&reason);
        if (moved < 0) {
            if (!reason)
                g_set_error_literal(&reason, G_IO_ERROR, G_IO_ERROR_FAILED,
                                    "gawait: a stream failed but set no GError");
            const error told(reason);
            if (told.matches(G_IO_ERROR_WOULD_BLOCK))
                return false;
            failure_ = told;
            return end();
        }
        moved_ += std::size_t(moved);
        if (moved == 0 || is_complete(moved_))
            return end();
        if (would_block() || home_->tick())
            return false;
    }
}

bool stream_transfer::end() noexcept {
    cancelled_ = false;
    home_->unwatch(*this);
    return true;
}

// From streams -------------------------------------------------------------------

bool input_transfer::prepare(GInputStream* stream, std::size_t size, int priority) {
    known_ = is_size(size) ? polled_stream::of(stream) : nullptr;
    const int fd = known_ ? known_->fd() : -1;
    if (fd < 0 || !g_input_stream_set_pending(stream, nullptr))
        return false;
    stream_ = ref<GInputStream>::retain(stream);
    set(fd, known_->file(), priority);
    return true;
}

gssize input_transfer::read(void* buffer, std::size_t size, GError** failure) noexcept {
    auto* const pollable = reinterpret_cast<GPollableInputStream*>(stream_.get());
    const gssize got =
        g_pollable_input_stream_read_nonblocking(pollable, buffer, size, nullptr, failure);
    // A message may end where another one waits: then the poller tells so at once.
    known_->drained = got > 0 && std::size_t(got) < size && known_->is_plain();
    return got;
}

bool input_transfer::would_block() const noexcept { return known_->drained; }

void input_transfer::clear_pending() noexcept { g_input_stream_clear_pending(stream_); }

bool read_transfer::prepare(GInputStream* stream, void* buffer, std::size_t size, int priority,
                            amount wanted) {
    buffer_ = static_cast<std::byte*>(buffer);
    size_ = size;
    wanted_ = wanted;
    return buffer && input_transfer::prepare(stream, size, priority);
}

gssize read_transfer::attempt(GError** failure) noexcept {
    return read(buffer_ + moved(), size_ - moved(), failure);
}

bool read_transfer::is_complete(std::size_t moved) const noexcept {
    return wanted_ == amount::some || moved == size_;
}

bool read_bytes_transfer::prepare(GInputStream* stream, std::size_t size, int priority) {
    size_ = size;
    return input_transfer::prepare(stream, size, priority);
}

gssize read_bytes_transfer::attempt(GError** failure) noexcept {
    buffer_.reset(g_malloc(size_));
    const gssize got = read(buffer_.get(), size_, failure);
    if (got <= 0)
        buffer_.reset();
    return got;
}

bool read_bytes_transfer::is_complete(std::size_t /*moved*/) const noexcept { return true; }

ref<GBytes> read_bytes_transfer::take() noexcept {
    return ref<GBytes>::adopt(moved() ? g_bytes_new_take(buffer_.release(), moved())
                                      : g_bytes_new_static("", 0));
}

void read_no_bytes(GInputStream* stream, int priority, GCancellable* cancellable,
                   GAsyncReadyCallback callback, gpointer data) noexcept {
    const auto task = ref<GTask>::adopt(g_task_new(stream, cancellable, callback, data));
    g_task_set_source_tag(task, reinterpret_cast<gpointer>(g_input_stream_read_bytes_async));
    g_task_set_priority(task, priority);
    g_task_return_pointer(task, g_bytes_new_static("", 0),
                          reinterpret_cast<GDestroyNotify>(g_bytes_unref));
}

bool skip_transfer::prepare(GInputStream* stream, std::size_t size, int priority) {
    size_ = size;
    count_when_cancelled();
    return input_transfer::prepare(stream, size, priority);
}

gssize skip_transfer::attempt(GError** failure) noexcept {
    std::array<std::byte, 8192> dropped;
    return read(dropped.data(), std::min(dropped.size(), size_ - moved()), failure);
}

bool skip_transfer::is_complete(std::size_t moved) const noexcept { return moved == size_; }

// To streams ---------------------------------------------------------------------

bool write_transfer::prepare(GOutputStream* stream, const void* buffer, std::size_t size,
                             int priority, amount wanted) {
    polled_stream* const known = buffer && is_size(size) ? polled_stream::of(stream) : nullptr;
    const int fd = known ? known->fd() : -1;
    if (fd < 0 || !g_output_stream_set_pending(stream, nullptr))
        return false;
    stream_ = ref<GOutputStream>::retain(stream);
    buffer_ = static_cast<const std::byte*>(buffer);
    size_ = size;
    most_at_once_ = known->most_at_once();
    wanted_ = wanted;
    set(fd, known->file(), priority);
    return true;
}

gssize write_transfer::attempt(GError** failure) noexcept {
    return g_pollable_output_stream_write_nonblocking(
        reinterpret_cast<GPollableOutputStream*>(stream_.get()), buffer_ + moved(),
        std::min(size_ - moved(), most_at_once_), nullptr, failure);
}

bool write_transfer::is_complete(std::size_t moved) const noexcept {
    return wanted_ == amount::some || moved == size_;
}

void write_transfer::clear_pending() noexcept { g_output_stream_clear_pending(stream_); }

} // namespace gawait::detail
