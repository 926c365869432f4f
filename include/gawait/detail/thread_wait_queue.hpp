#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/suspension.hpp"
#include "gawait/engine/flight.hpp"

#include <mutex>
#include <utility>

namespace gawait::detail {

class thread_wait_queue;

/// Waits its turn in a `thread_wait_queue`.
class GAWAIT_API thread_wait : protected suspension {
protected:
    using suspension::suspension;
    thread_wait(thread_wait&&) noexcept = default;
    thread_wait& operator=(thread_wait&&) = delete;
    ~thread_wait() = default;

    /// For `await_suspend()`.
    ///
    /// @param ready asked, with the queue locked, whether there is no need to wait.
    /// @param in_flight whether another thread may bring it about without this one.
    /// @return whether the coroutine is suspended.
    template <has_environment Promise, class Ready>
    bool wait_in(thread_wait_queue& queue, std::coroutine_handle<Promise> awaiting, Ready ready,
                 bool in_flight = true);

    /// For `await_resume()`.
    void throw_if_cancelled() {
        in_flight_ = flight();
        suspension::throw_if_cancelled();
    }

private:
    friend class thread_wait_queue;

    bool withdraw() noexcept override;

    thread_wait_queue* queue_ = nullptr;
    thread_wait* previous_ = nullptr;
    thread_wait* next_ = nullptr;
    bool linked_ = false;
    flight in_flight_;
};

/// Coroutines of any contexts that wait for what any thread may bring about, first come first
/// served. Those that are cancelled leave the queue.
class GAWAIT_API thread_wait_queue {
public:
    thread_wait_queue() noexcept = default;
    thread_wait_queue(const thread_wait_queue&) = delete;
    thread_wait_queue& operator=(const thread_wait_queue&) = delete;

    /// Those that wait fail. In their thread, or none may wait.
    ~thread_wait_queue() {
        while (first_) [[unlikely]] {
            thread_wait& left = *first_;
            remove(left);
            left.be_left_behind();
            release(left);
        }
    }

    /// Guards the queue, and what its coroutines wait for.
    std::mutex& lock() noexcept { return lock_; }

    /// The first in the queue, or null. To be called with the queue locked.
    thread_wait* front() const noexcept { return first_; }

    /// Takes the first out, which must then be let go on. To be called with the queue locked.
    void pop_front() noexcept { remove(*first_); }

    /// Lets one go on that was taken out, in a later round. To be called without the lock, which
    /// it may be the end of.
    static void release(thread_wait& taken_out) noexcept { taken_out.finish_soon(); }

    /// Calls `change()` with the queue locked, and lets all go on that wait.
    template <class Change> void release_all(Change change) {
        thread_wait* first = nullptr;
        {
            const std::lock_guard guard(lock_);
            change();
            first = take_all();
        }
        release_chain(first);
    }

private:
    friend class thread_wait;

    void push(thread_wait& waiting) noexcept;
    void remove(thread_wait& waiting) noexcept;
    thread_wait* take_all() noexcept;
    static void release_chain(thread_wait* first) noexcept;

    std::mutex lock_;
    thread_wait* first_ = nullptr;
    thread_wait* last_ = nullptr;
};

template <has_environment Promise, class Ready>
bool thread_wait::wait_in(thread_wait_queue& queue, std::coroutine_handle<Promise> awaiting,
                          Ready ready, bool in_flight) {
    {
        const std::lock_guard guard(queue.lock());
        if (awaiting.promise().env().cancel->requested() || !ready()) {
            if (!begin(awaiting))
                return false;
            if (in_flight)
                in_flight_ = flight(home());
            queue_ = &queue;
            queue.push(*this);
            return true;
        }
    }
    return give_way(awaiting);
}

} // namespace gawait::detail
