#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/detail/coroutine.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/nested_run.hpp"
#include "gawait/detail/outcome.hpp"
#include "gawait/detail/promise.hpp"
#include "gawait/error.hpp"

#include <coroutine>
#include <utility>

namespace gawait {

/// A coroutine that yields a `T`, which may be a value, a reference or void.
///
/// Lazy: it begins when it is awaited, and what awaits it goes on with its result
/// or its exception as soon as it ends, without the main loop in between. It runs on
/// the main context, and under the cancellation, of the coroutine that awaits it.
///
/// Move-only, and awaited once: the await takes the coroutine over. A coroutine that
/// has begun therefore always runs to its end, even if the task object is destroyed;
/// it is ended early by cancelling it. A task destroyed before that destroys the
/// coroutine with its arguments.
template <class T = void> class [[nodiscard]] task {
public:
    using promise_type = detail::promise<T>;
    using value_type = T;

    class [[nodiscard]] awaiter;

    task() noexcept = default;
    task(task&&) noexcept = default;
    task& operator=(task&&) noexcept = default;
    task(const task&) = delete; // gawait: a task is awaited once: hand it over with std::move()
    explicit task(detail::coroutine<T> owned) noexcept : coroutine_(std::move(owned)) {}

    /// Whether there is a coroutine to await: false once awaited or moved from.
    explicit operator bool() const noexcept { return bool(coroutine_); }

    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` out of the await, if the task was
    ///     awaited before or moved from.
    awaiter operator co_await() noexcept { return awaiter(std::move(coroutine_)); }

    /// Takes the coroutine out, to be begun by other means than `co_await`.
    ///
    /// @throws error as `co_await` does.
    detail::coroutine<T> take() {
        if (!coroutine_)
            throw error(G_IO_ERROR_INVALID_ARGUMENT,
                        "gawait::task: awaited a second time, or after it was moved from");
        return std::move(coroutine_);
    }

private:
    detail::coroutine<T> coroutine_;
};

template <class T> class task<T>::awaiter : detail::nested_run {
public:
    /// Says so to what keeps it.
    static constexpr bool awaited_once = true;

    explicit awaiter(detail::coroutine<T> awaited) noexcept : awaited_(std::move(awaited)) {}

    /// Awaits under a node of its own, below that of the awaiting coroutine or apart.
    awaiter(detail::coroutine<T> awaited, detail::cancellation& cancel) noexcept
        : awaited_(std::move(awaited)), cancel_(&cancel) {}

    bool await_ready() const noexcept { return !awaited_; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        return run(cancel_ ? *cancel_ : *awaiting.promise().env().cancel, awaited_.get(), awaiting);
    }

    T await_resume() { return result().take(); }

protected:
    /// @throws error if there was nothing to await.
    detail::outcome<T>& result() {
        if (!awaited_)
            task().take();
        return awaited_.result();
    }

private:
    detail::coroutine<T> awaited_;
    detail::cancellation* cancel_ = nullptr;
};

namespace detail {

template <class T> task<T> promise<T>::get_return_object() noexcept {
    return task<T>(coroutine<T>(std::coroutine_handle<promise>::from_promise(*this)));
}

inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(coroutine<void>(std::coroutine_handle<promise>::from_promise(*this)));
}

/// Awaits a task under a node of cancellation of its own, and gives its outcome
/// without throwing it, whatever that is.
template <class T> class [[nodiscard]] outcome_under : task<T>::awaiter {
public:
    outcome_under(cancellation& cancel, task<T> awaited)
        : task<T>::awaiter(awaited.take(), cancel) {}

    using task<T>::awaiter::await_ready;
    using task<T>::awaiter::await_suspend;

    outcome<T> await_resume() noexcept {
        outcome<T> taken;
        taken.take_over(this->result());
        return taken;
    }
};

} // namespace detail

/// Makes a task of any awaitable, which is moved or copied into it. A task stays
/// what it is.
template <awaitable A> auto as_task(A object) -> task<await_result_t<A>> {
    co_return co_await std::move(object);
}

template <class T> task<T> as_task(task<T> already) noexcept { return already; }

} // namespace gawait
