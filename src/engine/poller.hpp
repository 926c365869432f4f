#pragma once

#include "engine/unique_fd.hpp"
#include "gawait/engine/fd_watch.hpp"
#include "gawait/engine/timer.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gawait {

/// Watches descriptors, one deadline, and wake-ups from other threads, all behind
/// one descriptor. This is the class to rewrite for kqueue or io_uring.
///
/// Only `wake()` may be called from any thread.
class poller {
public:
    /// @throws error when the kernel has no descriptors left.
    poller();

    /// Readable whenever `poll()` has something to report.
    int fd() const noexcept { return epoll_.get(); }

    /// Makes `fd()` readable. From any thread, also from a child after `fork()`.
    void wake() noexcept;

    /// Makes `fd()` readable at the deadline, or never for `time_point::max()`. A
    /// deadline that is armed already and earlier is kept: it costs less to wake
    /// once for nothing than to change it each time a timer is cancelled.
    void arm(clock::time_point deadline) noexcept;

    /// Calls `queue(job&)` for older watches of the same descriptor if it was
    /// closed under them.
    ///
    /// @throws error as `engine::watch()` does.
    template <class Queue> void watch(fd_watch& watch, Queue queue) {
        if (is_watched(watch.fd_))
            end_if_closed(watch.fd_, queue);
        add(watch);
    }

    void unwatch(fd_watch& watch) noexcept;

    /// Ends every watch without telling.
    void clear() noexcept;

    /// Whether any descriptor is watched.
    bool watching() const noexcept { return !watched_.empty(); }

    /// Calls `queue(job&)` for every watch that is ready and not queued yet. Does
    /// not block.
    ///
    /// @return whether anything was reported.
    template <class Queue> bool poll(Queue queue) noexcept {
        const std::size_t found = collect();
        for (std::size_t index = 0; index < found; ++index)
            report(events_[index], queue);
        if (haunted_) [[unlikely]]
            start_over();
        return found > 0;
    }

    /// Looks at one watched descriptor, another one each time. If it was closed
    /// under its watches, ends them with `G_IO_NVAL`: the kernel tells nobody.
    ///
    /// @return whether anything was reported.
    template <class Queue> bool probe_closed(Queue queue) noexcept {
        if (watched_.empty())
            return false;
        next_probe_ = (next_probe_ + 1) % watched_.size();
        return end_if_closed(watched_[next_probe_], queue);
    }

private:
    // Stand for our own descriptors in what epoll reports.
    static constexpr int timer_tag = -1;
    static constexpr int wakeup_tag = -2;

    struct slot {
        fd_watch* first = nullptr;
        std::uint32_t registered = 0; // the events that the kernel was asked for
        std::uint32_t generation = 0; // tells the files apart that had this number
        std::size_t index = 0;        // of the descriptor in watched_
    };

    template <class Queue>
    static void hand_over(fd_watch& watch, std::uint32_t events, Queue& queue) noexcept {
        // The values of GIOCondition are those of poll(2), and so are epoll's.
        const auto ready = GIOCondition(events);
        if (watch.queued_) {
            watch.ready_ = GIOCondition(watch.ready_ | ready);
            return;
        }
        watch.ready_ = ready;
        watch.queued_ = true;
        queue(watch);
    }

    template <class Queue> void report(const epoll_event& event, Queue& queue) noexcept {
        const std::uint32_t events = event.events;
        const int fd = int(std::uint32_t(event.data.u64));
        if (fd < 0) {
            if (fd == timer_tag)
                armed_ = clock::time_point::max();
            return;
        }
        if (event.data.u64 != tag(fd)) {
            haunted_ = true;
            return;
        }
        for (fd_watch* each = slots_[std::size_t(fd)].first; each; each = each->next_)
            if (const std::uint32_t ready =
                    events & (std::uint32_t(each->condition_) | EPOLLERR | EPOLLHUP))
                hand_over(*each, ready, queue);
    }

    template <class Queue> bool end_if_closed(int fd, Queue& queue) noexcept {
        if (!is_closed(fd))
            return false;
        for (fd_watch* each = forget(fd); each;) {
            fd_watch* next = each->next_;
            each->watching_ = false;
            hand_over(*each, G_IO_NVAL, queue);
            each = next;
        }
        return true;
    }

    bool is_watched(int fd) const noexcept;
    bool is_closed(int fd) noexcept;
    void add(fd_watch& watch);
    fd_watch* forget(int fd) noexcept;
    std::size_t collect() noexcept;
    int control(int operation, int fd, std::uint32_t events) noexcept;
    std::uint64_t tag(int fd) const noexcept;
    void open();
    void watch_all_again() noexcept;
    void start_over() noexcept;
    void reopen_after_fork() noexcept;

    unique_fd epoll_;
    unique_fd timer_;
    unique_fd wakeup_;
    clock::time_point armed_ = clock::time_point::max();
    std::vector<slot> slots_;  // by descriptor
    std::vector<int> watched_; // the descriptors that have watches, in no order
    std::size_t next_probe_ = 0;
    bool haunted_ = false; // by a file that was closed under its watches
    unsigned forks_;
    std::array<epoll_event, 256> events_;
};

} // namespace gawait
