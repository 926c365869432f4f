#pragma once

#include "gawait/engine/job.hpp"

#include <atomic>

namespace gawait {

/// A lock-free queue of jobs: many threads push, one drains.
///
/// A stack that the consumer takes whole and reverses, so that jobs come out in
/// the order in which they went in.
class inbox {
public:
    enum class pushed { first, behind_others, refused };

    /// @return `first` if the inbox was empty, so that exactly one of several
    ///     pushers wakes the consumer; `refused` after `close()`.
    pushed push(job& work) noexcept {
        job* top = top_.load(std::memory_order_relaxed);
        do {
            if (top == closed_tag())
                return pushed::refused;
            work.next_ = top;
        } while (!top_.compare_exchange_weak(top, &work, std::memory_order_release,
                                             std::memory_order_relaxed));
        return top == nullptr ? pushed::first : pushed::behind_others;
    }

    bool empty() const noexcept {
        job* top = top_.load(std::memory_order_relaxed);
        return top == nullptr || top == closed_tag();
    }

    /// Calls `consume(job&)` for each job, oldest first.
    template <class Consume> void drain(Consume consume) noexcept {
        if (!empty())
            deliver(top_.exchange(nullptr, std::memory_order_acquire), consume);
    }

    /// Drains for the last time; every later `push()` is refused.
    template <class Consume> void close(Consume consume) noexcept {
        deliver(top_.exchange(closed_tag(), std::memory_order_acquire), consume);
    }

private:
    job* closed_tag() const noexcept {
        return reinterpret_cast<job*>(const_cast<inbox*>(this)); // never a job's address
    }

    template <class Consume> static void deliver(job* newest, Consume consume) noexcept {
        job* oldest = nullptr;
        while (newest) {
            job* next = newest->next_;
            newest->next_ = oldest;
            oldest = newest;
            newest = next;
        }
        while (oldest) {
            job* next = oldest->next_;
            consume(*oldest);
            oldest = next;
        }
    }

    std::atomic<job*> top_{nullptr};
};

} // namespace gawait
