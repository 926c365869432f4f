#pragma once

#include "gawait/detail/cancellation_root.hpp"
#include "gawait/task.hpp"

#include <utility>

namespace gawait {
namespace detail {

template <class T> task<T> shield(task<T> shielded) {
    const environment& env = co_await current_environment();
    cancellation_root apart(*env.home);
    outcome<T> ended = co_await outcome_under<T>(apart, std::move(shielded));
    co_return ended.take();
}

} // namespace detail

/// Awaits something that the cancellation of the awaiting task does not reach, such as
/// cleaning up after it. The await lasts until that has ended, and gives its result; the
/// next await then finds the task cancelled.
template <awaitable Awaitable> auto shield(Awaitable shielded) {
    return detail::shield(as_task(std::move(shielded)));
}

} // namespace gawait
