#pragma once

#include "gawait/engine/job.hpp"

#include <cstdint>
#include <utility>

namespace gawait {

/// A file descriptor that an engine watches, and what to call when it is ready.
///
/// Readiness is level-triggered: as long as the descriptor stays ready and the
/// watch is in place, the handler is called again, once a round. The watch must
/// stay alive until it was removed and, if a call is queued then, until that ran.
class fd_watch : public job {
public:
    /// Called on the thread that iterates the engine's context.
    using handler = void (*)(fd_watch&) noexcept;

    /// @param fd a descriptor; the watch does not own it.
    /// @param condition what to wait for: `G_IO_IN`, `G_IO_PRI`, `G_IO_OUT`.
    ///     `G_IO_ERR` and `G_IO_HUP` are always reported.
    fd_watch(handler on_ready, int fd, GIOCondition condition) noexcept
        : job(dispatch), on_ready_(on_ready), fd_(fd), condition_(condition) {}

    int fd() const noexcept { return fd_; }

    /// To be called neither while it is watched nor while a call is queued.
    void set_fd(int fd) noexcept { fd_ = fd; }

    GIOCondition condition() const noexcept { return condition_; }

    /// Has a watch leave its descriptor registered for reading when it ends, for the next one,
    /// until it is found readable with nobody there to read. That saves system calls where one
    /// wait for the same descriptor follows another. To be called before the watch begins.
    ///
    /// @param file a number that stands for the open file behind the descriptor, and never for
    ///     another. A watch that finds its file registered begins without a system call. Zero
    ///     if the descriptor may have been closed meanwhile, and its number be that of another
    ///     file: then the kernel is asked.
    void leave_registered(std::uintptr_t file) noexcept {
        leaves_registered_ = true;
        file_ = file;
    }

    /// What the descriptor was found ready for, to be read in the handler.
    /// `G_IO_NVAL`: it was closed while it was watched, and the engine has
    /// removed the watch.
    GIOCondition ready() const noexcept { return ready_; }

    bool watching() const noexcept { return watching_; }

    /// Whether a call of the handler is queued.
    bool queued() const noexcept { return queued_; }

private:
    friend class poller;

    static void dispatch(job& self) noexcept {
        auto& watch = static_cast<fd_watch&>(self);
        watch.queued_ = false;
        watch.on_ready_(watch);
    }

    handler on_ready_;
    int fd_;
    GIOCondition condition_;
    GIOCondition ready_ = GIOCondition(0);
    std::uintptr_t file_ = 0;
    bool leaves_registered_ = false;
    bool watching_ = false;
    bool queued_ = false;
    fd_watch *previous_ = nullptr, *next_ = nullptr; // of the same descriptor
};

} // namespace gawait
