#pragma once

#include "gawait/detail/thread_wait_queue.hpp"

#include <mutex>

namespace gawait {

/// An `event` that any thread may set: a flag that tasks of any contexts wait for.
class thread_event {
public:
    class [[nodiscard]] wait_awaiter : detail::thread_wait {
    public:
        explicit wait_awaiter(thread_event& owner) noexcept
            : thread_wait(an_event), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            return wait_in(owner_.waiting_, awaiting, [this] { return owner_.set_; });
        }

        void await_resume() { throw_if_cancelled(); }

    private:
        static constexpr kind an_event{role::wait, "an event of any thread"};

        thread_event& owner_;
    };

    /// From any thread.
    bool is_set() {
        const std::lock_guard guard(waiting_.lock());
        return set_;
    }

    /// Sets the flag and lets all go on that wait, even if it is reset at once. From any thread.
    void set() {
        waiting_.release_all([this] { set_ = true; });
    }

    /// From any thread.
    void reset() {
        const std::lock_guard guard(waiting_.lock());
        set_ = false;
    }

    /// Waits until the flag is set. In tasks of any context. Who still waits when the event is
    /// destroyed gets an error, `G_IO_ERROR_CLOSED`, if that is in the same thread; of other
    /// threads none may.
    ///
    /// @throws cancelled
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

private:
    detail::thread_wait_queue waiting_; // its lock is the flag's
    bool set_ = false;
};

} // namespace gawait
