#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/failure.hpp"
#include "gawait/detail/suspension.hpp"

namespace gawait {

/// The awaiter of `readable()`, `writable()` and `fd_ready()`.
class GAWAIT_API [[nodiscard]] fd_awaiter final : fd_watch, detail::suspension {
public:
    fd_awaiter(int fd, GIOCondition condition) noexcept
        : fd_watch(on_ready, fd, condition), suspension(a_descriptor) {
        leave_registered(0);
    }

    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        return begin(awaiting) && (start() || !abandon() || give_way(awaiting));
    }

    GIOCondition await_resume() const;

private:
    static const kind a_descriptor;

    bool start() noexcept;
    bool withdraw() noexcept override;
    static void on_ready(fd_watch& self) noexcept;

    GIOCondition outcome_ = GIOCondition(0);
    detail::failure failure_;
};

/// Suspends until a file descriptor is ready, and gives what it is ready for, `G_IO_ERR`
/// and `G_IO_HUP` included. A regular file is always ready.
///
/// @param fd stays the caller's; several tasks may wait for one descriptor.
/// @param condition any of `G_IO_IN`, `G_IO_PRI`, `G_IO_OUT`.
/// @throws cancelled
/// @throws error `G_IO_ERROR_CLOSED` if it is closed meanwhile. That is noticed only by
///     and by, as the loop goes round, and not at all while another descriptor refers to
///     the same open file: cancel the wait before you close. For a descriptor that is bad
///     to begin with, the error of its `errno`.
inline fd_awaiter fd_ready(int fd, GIOCondition condition) noexcept {
    return fd_awaiter(fd, condition);
}

/// `fd_ready()` for reading.
inline fd_awaiter readable(int fd) noexcept { return fd_awaiter(fd, G_IO_IN); }

/// `fd_ready()` for writing.
inline fd_awaiter writable(int fd) noexcept { return fd_awaiter(fd, G_IO_OUT); }

} // namespace gawait
