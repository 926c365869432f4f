#pragma once

#include "engine/readiness.hpp"
#include "engine/unique_fd.hpp"
#include "gawait/engine/fd_watch.hpp"
#include "gawait/engine/timer.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gawait {

/// Watches descriptors, one deadline, and wake-ups from other threads, all behind
/// one descriptor. This is the class to rewrite for kqueue.
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
        slot& here = slot_for(watch.fd_);
        const std::uint32_t events = here.registered | std::uint32_t(watch.condition_) | always;
        // The kernel knows a file that was closed no more, even if its number is another's now.
        if (here.registered && !(is_of(here, watch) && events == here.registered) &&
            change(watch.fd_, events) != 0)
            end_all(watch.fd_, queue);
        add(here, watch);
    }

    void unwatch(fd_watch& watch) noexcept;

    /// As `engine::is_registered()` says.
    bool is_registered(const fd_watch& watch) const noexcept;

    /// Ends every watch without telling.
    void clear() noexcept;

    /// Whether any descriptor is watched.
    bool watching() const noexcept { return !watched_.empty(); }

    /// To be called when a turn begins.
    void begin_turn() noexcept {
        busy_ = false;
        if (notice_.running() && !notice_.is_ours()) [[unlikely]]
            forget_notice();
    }

    /// Whether `poll()` may have something to report. Costs next to nothing once some looks in a
    /// row have found nothing, where there is io_uring.
    bool news() const noexcept {
        return watching() && (!quiet_ || notice_.raised() ||
                              forks_ != forks_of_process.load(std::memory_order_relaxed));
    }

    /// Whether `poll()` has had something to report of a descriptor since `begin_turn()`.
    bool busy() const noexcept { return busy_; }

    /// Calls `queue(job&)` for every watch that is ready and not queued yet. Does
    /// not block.
    template <class Queue> void poll(Queue queue) noexcept {
        const std::size_t found = collect();
        for (std::size_t index = 0; index < found; ++index)
            report(events_[index], queue);
        if (haunted_) [[unlikely]]
            start_over();
    }

    /// When `probe_closed()` is worth its system calls again.
    clock::time_point next_probe() const noexcept { return next_probe_; }

    /// Looks at some of the watched descriptors, at others each time, and at all if one was
    /// closed, as others then are. Those that were closed under their watches end these with
    /// `G_IO_NVAL`: the kernel tells nobody.
    ///
    /// @return whether anything was reported.
    template <class Queue> bool probe_closed(clock::time_point now, Queue queue) noexcept {
        next_probe_ = now + probe_interval;
        bool any = false;
        auto left = std::max(probes, watched_.size() / intervals_to_probe_all);
        for (left = std::min(left, watched_.size()); left > 0 && watching(); --left) {
            probed_ = (probed_ + 1) % watched_.size();
            const int fd = watched_[probed_];
            if (change(fd, slots_[std::size_t(fd)].registered) == 0)
                continue;
            end_all(fd, queue);
            any = true;
            left = watched_.size() + 1;
        }
        return any;
    }

private:
    // Stand for our own descriptors in what epoll reports.
    static constexpr int timer_tag = -1;
    static constexpr int wakeup_tag = -2;

    static constexpr std::chrono::milliseconds probe_interval{100};
    static constexpr std::size_t probes = 16; // at least, at a time
    static constexpr std::size_t intervals_to_probe_all = 10;

    // That found nothing, one after the other: what a ring costs is worth it only where there are
    // many, and a system call that clears it only if it saves others.
    static constexpr int looks_before_notice = 32;
    static constexpr int looks_before_clear = 8;

    // An epoll set, a timerfd and an eventfd are shared with a forked child, so that
    // either process would change what the other waits for. Each child therefore opens
    // its own, when it first uses them.
    static inline std::atomic<unsigned> forks_of_process{0};

    static constexpr std::array conditions{G_IO_IN, G_IO_OUT, G_IO_PRI};

    // Of all that is registered, which the kernel reports whether or not it is asked for.
    static constexpr std::uint32_t always = EPOLLERR;

    struct slot {
        fd_watch* first = nullptr; // the oldest, whose previous_ is the latest
        std::array<std::uint32_t, conditions.size()> waiting{}; // watches, by condition
        std::uint32_t registered = 0; // the events that the kernel was asked for, if it was
        std::uintptr_t file = 0;      // for which, if that is known
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
        busy_ = true;
        if (event.data.u64 != tag(fd)) {
            haunted_ = true;
            return;
        }
        const slot& here = slots_[std::size_t(fd)];
        for (fd_watch* each = here.first; each; each = each->next_)
            if (const std::uint32_t ready =
                    events & (std::uint32_t(each->condition_) | EPOLLERR | EPOLLHUP))
                hand_over(*each, ready, queue);
        // What nobody waits for would be told again and again.
        if (!here.first || (events & ~(awaited(here) | EPOLLHUP)))
            haunted_ |= change(fd, awaited(here)) != 0;
    }

    /// Of a descriptor that was closed.
    template <class Queue> void end_all(int fd, Queue& queue) noexcept {
        for (fd_watch* each = forget(fd); each;) {
            fd_watch* next = each->next_;
            each->watching_ = false;
            hand_over(*each, G_IO_NVAL, queue);
            each = next;
        }
    }

    static bool is_of(const slot& here, const fd_watch& watch) noexcept {
        return here.file != 0 && here.file == watch.file_;
    }

    slot& slot_for(int fd);
    void add(slot& here, fd_watch& watch);
    static void count(slot& here, GIOCondition condition, std::uint32_t change) noexcept;
    static std::uint32_t awaited(const slot& here) noexcept;
    int change(int fd, std::uint32_t events) noexcept;
    fd_watch* forget(int fd) noexcept;
    void leave_watched(const slot& gone) noexcept;
    std::size_t collect() noexcept;
    bool listen() noexcept;
    void forget_notice() noexcept;
    static void count_forks();
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
    std::size_t probed_ = 0;   // the last, in watched_
    clock::time_point next_probe_;
    readiness notice_;
    bool no_notice_ = false; // it was refused
    bool quiet_ = false;     // the last look found nothing, and the notice tells what came since
    bool busy_ = false;
    int fruitless_ = 0;    // looks, one after the other
    bool haunted_ = false; // by a file that was closed under its watches
    unsigned forks_;
    std::array<epoll_event, 256> events_;
};

} // namespace gawait
