#pragma once

#include "gawait/detail/one_context.hpp"
#include "gawait/detail/wait_queue.hpp"

namespace gawait {

/// A flag that tasks of one context wait for. Whoever still waits when it is destroyed gets an
/// error, `G_IO_ERROR_CLOSED`.
class event {
public:
    class [[nodiscard]] wait_awaiter : detail::queued_wait {
    public:
        explicit wait_awaiter(event& owner) noexcept : queued_wait(an_event), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            if (env.cancel->requested() || !owner_.is_set())
                return wait_in(owner_.waiting_, awaiting);
            return give_way(awaiting);
        }

        void await_resume() const { throw_if_cancelled(); }

    private:
        static constexpr kind an_event{role::wait, "an event"};

        event& owner_;
    };

    bool is_set() const noexcept { return set_; }

    /// Sets the flag and lets all go on that wait, even if it is reset at once.
    void set() noexcept {
        set_ = true;
        waiting_.release_all();
    }

    void reset() noexcept { set_ = false; }

    /// Waits until the flag is set; does not suspend if it is.
    ///
    /// @throws cancelled
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

private:
    detail::one_context context_;
    detail::wait_queue waiting_;
    bool set_ = false;
};

} // namespace gawait
