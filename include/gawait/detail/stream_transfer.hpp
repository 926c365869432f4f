#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <optional>
#include <utility>

namespace gawait::detail {

/// What is known of a stream over a descriptor. It lives as long as the stream.
class polled_stream;

/// The way of bytes between memory and a stream over a descriptor: GIO is asked to move what it
/// can without blocking, and in between the engine's poller waits. What GIO does by a source for
/// each operation this does by a registration that stays, so that it costs what epoll costs,
/// beside whatever number of streams that wait as well.
///
/// From `prepare()`, which each kind of transfer has, to its end the stream has a pending
/// operation, as in one of GIO's.
class GAWAIT_API stream_transfer : fd_watch {
public:
    stream_transfer(const stream_transfer&) = delete;
    stream_transfer& operator=(const stream_transfer&) = delete;

    /// Moves what can be moved at once. To be called once, after `prepare()`.
    ///
    /// @param home where it waits: an engine that the calling thread owns.
    /// @return whether it has ended. Then `finish()` is left to the caller.
    bool begin(engine& home) noexcept;

    /// Goes on as the descriptor becomes ready, and calls `on_end()`. To be called if `begin()`
    /// has not ended it.
    ///
    /// @return false if that failed, and it has ended. Then `finish()` is left to the caller.
    bool wait() noexcept;

    /// Has the stream have no pending operation any more.
    void finish() noexcept { clear_pending(); }

    /// Gives up waiting. What was moved stays moved.
    ///
    /// @return whether it has ended; otherwise `on_end()` will be called.
    bool cancel() noexcept;

    /// How many bytes were moved.
    std::size_t moved() const noexcept { return moved_; }

    /// Why it has ended, if it failed.
    std::optional<error>& failure() noexcept { return failure_; }

    /// Whether it has ended since it was cancelled, and that is its result: GIO gives a number
    /// nevertheless in some cases.
    bool gave_up() const noexcept { return cancelled_ && !(counts_cancelled_ && moved_); }

protected:
    explicit stream_transfer(GIOCondition condition) noexcept : fd_watch(on_ready, -1, condition) {}
    ~stream_transfer() = default;

    /// Sets what is awaited.
    void set(int fd, std::uintptr_t file, int priority) noexcept;

    /// Has the number of bytes be the result of a transfer that was cancelled after some.
    void count_when_cancelled() noexcept { counts_cancelled_ = true; }

    engine& home() const noexcept { return *home_; }

private:
    /// Moves some bytes. Negative if it failed.
    virtual gssize attempt(GError** failure) noexcept = 0;

    /// Whether all was moved, after that many.
    virtual bool is_complete(std::size_t moved) const noexcept = 0;

    /// Whether an attempt would move nothing, so that it is better to wait.
    virtual bool would_block() const noexcept { return false; }

    /// Ends the stream's pending operation.
    virtual void clear_pending() noexcept = 0;

    /// Called at the end, on the engine's thread.
    virtual void on_end() noexcept = 0;

    static void on_ready(fd_watch& self) noexcept;
    bool goes_on_later() const noexcept { return priority_ > G_PRIORITY_DEFAULT; }
    void post() noexcept;
    bool advance() noexcept;
    bool end() noexcept;

    engine* home_ = nullptr;
    std::size_t moved_ = 0;
    std::optional<error> failure_;
    int priority_ = G_PRIORITY_DEFAULT;
    bool posted_ = false; // to go on
    bool cancelled_ = false;
    bool counts_cancelled_ = false;
};

/// From a stream.
class GAWAIT_API input_transfer : public stream_transfer {
protected:
    input_transfer() noexcept : stream_transfer(G_IO_IN) {}
    ~input_transfer() = default;

    /// @return false if GIO's own operation is to be begun: since the stream cannot be waited for
    ///     so, or that says what is wrong.
    bool prepare(GInputStream* stream, std::size_t size, int priority);

    gssize read(void* buffer, std::size_t size, GError** failure) noexcept;

private:
    bool would_block() const noexcept final;
    void clear_pending() noexcept final;

    ref<GInputStream> stream_;
    polled_stream* known_ = nullptr;
};

/// `g_input_stream_read_async()`, `g_input_stream_read_all_async()`.
class GAWAIT_API read_transfer : public input_transfer {
public:
    enum class amount { some, all };

    /// @param buffer stays the caller's, until the end.
    bool prepare(GInputStream* stream, void* buffer, std::size_t size, int priority, amount wanted);

protected:
    ~read_transfer() = default;

private:
    gssize attempt(GError** failure) noexcept final;
    bool is_complete(std::size_t moved) const noexcept final;

    std::byte* buffer_ = nullptr;
    std::size_t size_ = 0;
    amount wanted_ = amount::some;
};

/// `g_input_stream_read_bytes_async()`: memory is allocated when there is something to read.
class GAWAIT_API read_bytes_transfer : public input_transfer {
public:
    bool prepare(GInputStream* stream, std::size_t size, int priority);

    /// What was read. To be called once, after a success.
    ref<GBytes> take() noexcept;

protected:
    ~read_bytes_transfer() = default;

private:
    gssize attempt(GError** failure) noexcept final;
    bool is_complete(std::size_t moved) const noexcept final;

    std::size_t size_ = 0;
    unique_g_ptr<void> buffer_;
};

/// `g_input_stream_read_bytes_async()` of no bytes, of which GIO's own calls nobody back: it
/// refuses its buffer for them, which is null.
GAWAIT_API void read_no_bytes(GInputStream* stream, int priority, GCancellable* cancellable,
                              GAsyncReadyCallback callback, gpointer data) noexcept;

/// `g_input_stream_skip_async()`.
class GAWAIT_API skip_transfer : public input_transfer {
public:
    bool prepare(GInputStream* stream, std::size_t size, int priority);

protected:
    ~skip_transfer() = default;

private:
    gssize attempt(GError** failure) noexcept final;
    bool is_complete(std::size_t moved) const noexcept final;

    std::size_t size_ = 0;
};

/// To a stream: `g_output_stream_write_async()`, `g_output_stream_write_all_async()`.
class GAWAIT_API write_transfer : public stream_transfer {
public:
    enum class amount { some, all };

    write_transfer() noexcept : stream_transfer(G_IO_OUT) {}

    /// @param buffer stays the caller's, until the end.
    /// @return as `input_transfer::prepare()`.
    bool prepare(GOutputStream* stream, const void* buffer, std::size_t size, int priority,
                 amount wanted);

protected:
    ~write_transfer() = default;

private:
    gssize attempt(GError** failure) noexcept final;
    bool is_complete(std::size_t moved) const noexcept final;
    void clear_pending() noexcept final;

    ref<GOutputStream> stream_;
    const std::byte* buffer_ = nullptr;
    std::size_t size_ = 0;
    std::size_t most_at_once_ = 0;
    amount wanted_ = amount::some;
};

} // namespace gawait::detail
