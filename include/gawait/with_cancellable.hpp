#pragma once

#include "gawait/detail/cancellation.hpp"
#include "gawait/task.hpp"

#include <stop_token>
#include <utility>

namespace gawait {
namespace detail {

template <class T> task<T> with_cancellable(ref<GCancellable> source, task<T> cancelled_by_it) {
    const environment& env = co_await current_environment();
    cancellation node(env.cancel);
    const cancellable_link link(source, node);
    outcome<T> ended = co_await outcome_under<T>(node, std::move(cancelled_by_it));
    co_return ended.take();
}

template <class T> task<T> with_stop_token(std::stop_token source, task<T> cancelled_by_it) {
    const environment& env = co_await current_environment();
    cancellation node(env.cancel);
    const std::stop_callback link(source, [&node] { node.request(); });
    outcome<T> ended = co_await outcome_under<T>(node, std::move(cancelled_by_it));
    co_return ended.take();
}

} // namespace detail

/// Awaits something that a `GCancellable` from elsewhere cancels, beside the task's own
/// cancellation. Any thread may cancel it, also before.
///
/// @param source a reference is kept meanwhile; may be null.
/// @throws cancelled if the awaitable ended by either.
template <awaitable Awaitable> auto with_cancellable(GCancellable* source, Awaitable awaited) {
    return detail::with_cancellable(ref<GCancellable>::retain(source), as_task(std::move(awaited)));
}

/// The same for a `std::stop_token`.
template <awaitable Awaitable> auto with_stop_token(std::stop_token source, Awaitable awaited) {
    return detail::with_stop_token(std::move(source), as_task(std::move(awaited)));
}

/// An await, which does not suspend, that gives the task's own `GCancellable`, for C
/// functions that take one. Borrowed; valid as long as the task.
class current_cancellable {
public:
    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        cancellable_ = awaiting.promise().env().cancel->cancellable();
        return false;
    }

    GCancellable* await_resume() const noexcept { return cancellable_; }

private:
    GCancellable* cancellable_ = nullptr;
};

} // namespace gawait
