#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/sleep.hpp"
#include "gawait/task.hpp"

#include <chrono>
#include <coroutine>
#include <utility>

namespace gawait {
namespace detail {

/// Requests a cancellation at a deadline.
class GAWAIT_API cancel_timer : timer {
public:
    cancel_timer(engine& home, cancellation& target, clock::time_point deadline);

    bool expired() const noexcept { return expired_; }

    class stop_awaiter {
    public:
        explicit stop_awaiter(cancel_timer& stopped) noexcept : stopped_(stopped) {}
        bool await_ready() const noexcept { return stopped_.stop(); }
        void await_suspend(std::coroutine_handle<> h) const noexcept { stopped_.stopping_ = h; }
        void await_resume() const noexcept {}

    private:
        cancel_timer& stopped_;
    };

    /// To be awaited before the timer is destroyed: its job may be queued just now.
    stop_awaiter stop_and_wait() noexcept { return stop_awaiter(*this); }

private:
    bool stop() noexcept;
    static void run(job& self) noexcept;

    engine& home_;
    cancellation& target_;
    bool expired_ = false;
    std::coroutine_handle<> stopping_;
};

GAWAIT_API error timed_out_error() noexcept;

template <class T> task<T> with_deadline(clock::time_point deadline, task<T> limited) {
    const environment& env = co_await current_environment();
    cancellation limit(env.cancel);
    outcome_under<T> awaited(limit, std::move(limited)); // throws, if at all, without a timer
    cancel_timer timer(*env.home, limit, deadline);
    outcome<T> ended = co_await awaited;
    co_await timer.stop_and_wait();
    if (timer.expired() && !env.cancel->requested() && ended.failed() &&
        ended.failed()->was_cancelled())
        throw timed_out_error();
    co_return ended.take();
}

} // namespace detail

/// Awaits something, but cancels it when a time has passed, counted from this call.
///
/// @param length as `sleep_for()` takes it.
/// @throws error `G_IO_ERROR_TIMED_OUT` if it ended by that; if it came to a result all
///     the same, that is given.
/// @throws whatever the awaitable throws; `cancelled`.
template <class Rep, class Period, awaitable Awaitable>
auto with_timeout(std::chrono::duration<Rep, Period> length, Awaitable limited) {
    return detail::with_deadline(deadline_after(length), as_task(std::move(limited)));
}

} // namespace gawait
