#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/suspension.hpp"

namespace gawait::detail {

class wait_queue;

/// Waits its turn in a `wait_queue`.
class GAWAIT_API queued_wait : public suspension {
protected:
    using suspension::suspension;
    queued_wait(queued_wait&&) noexcept = default;
    queued_wait& operator=(queued_wait&&) = delete;
    ~queued_wait() = default;

    /// For `await_suspend()`.
    ///
    /// @return whether the coroutine is suspended; not, if it was cancelled already.
    template <has_environment Promise>
    bool wait_in(wait_queue& queue, std::coroutine_handle<Promise> awaiting) noexcept;

private:
    friend class wait_queue;

    bool withdraw() noexcept override;

    wait_queue* queue_ = nullptr; // while in it
    queued_wait* previous_ = nullptr;
    queued_wait* next_ = nullptr;
};

/// Coroutines of one context that wait for their turn, first come first served. Those
/// that are cancelled leave the queue.
class GAWAIT_API wait_queue {
public:
    wait_queue() noexcept = default;
    wait_queue(const wait_queue&) = delete;
    wait_queue& operator=(const wait_queue&) = delete;

    /// Those that wait fail.
    ~wait_queue() {
        while (first_) [[unlikely]] {
            first_->be_left_behind();
            release_front();
        }
    }

    bool empty() const noexcept { return !first_; }

    /// The first in the queue, or null.
    queued_wait* front() const noexcept { return first_; }

    /// Takes the first out and lets it go on, in a later round.
    void release_front() noexcept;

    void release_all() noexcept {
        while (!empty())
            release_front();
    }

private:
    friend class queued_wait;

    void push(queued_wait& waiting) noexcept;
    void remove(queued_wait& waiting) noexcept;

    queued_wait* first_ = nullptr;
    queued_wait* last_ = nullptr;
};

template <has_environment Promise>
bool queued_wait::wait_in(wait_queue& queue, std::coroutine_handle<Promise> awaiting) noexcept {
    if (!begin(awaiting))
        return false;
    queue.push(*this);
    return true;
}

} // namespace gawait::detail
