#pragma once

#include "gawait/engine/timer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gawait {

/// Timers by deadline: a four-ary heap whose entries outlive their timers.
///
/// Cancelling only blanks the timer's entry, which is constant time. Blank entries
/// leave when they reach the top, or all at once when they outnumber the others,
/// which spreads their removal over the cancellations that caused it.
class timer_heap {
public:
    void push(timer& work, clock::time_point deadline);

    /// @return false if the timer is not in the heap.
    bool cancel(timer& work) noexcept;

    bool empty() const noexcept { return entries_.size() == blank_; }

    /// The earliest deadline, or `clock::time_point::max()`.
    clock::time_point next_deadline() noexcept;

    /// Whether `pop_due()` is worth asking.
    bool may_be_due(clock::time_point now) const noexcept {
        return !entries_.empty() && entries_.front().deadline <= now;
    }

    /// Takes the earliest timer out if it is due, else returns null.
    timer* pop_due(clock::time_point now) noexcept {
        // Inline, for every round asks this.
        while (may_be_due(now))
            if (timer* due = pop_top())
                return due;
        return nullptr;
    }

    /// Forgets all timers; none is pending afterwards.
    void clear() noexcept;

private:
    struct entry {
        clock::time_point deadline;
        std::uint64_t order; // of the start, between timers of one deadline
        timer* work;         // null: cancelled

        bool before(const entry& other) const noexcept {
            return deadline != other.deadline ? deadline < other.deadline : order < other.order;
        }
    };

    void place(std::size_t position, const entry& moved) noexcept;
    void sift_up(std::size_t position, const entry& moved) noexcept;
    void sift_down(std::size_t position, const entry& moved) noexcept;
    timer* pop_top() noexcept;
    void remove_top() noexcept;
    void drop_blank_top() noexcept;
    void drop_all_blank() noexcept;

    std::vector<entry> entries_;
    std::size_t blank_ = 0;
    std::uint64_t started_ = 0;
};

} // namespace gawait
