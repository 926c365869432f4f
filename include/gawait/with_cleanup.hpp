#pragma once

#include "gawait/shield.hpp"
#include "gawait/task.hpp"
#include "gawait/unobserved.hpp"

#include <utility>

namespace gawait {
namespace detail {

template <class T, class Cleanup> task<T> with_cleanup(task<T> work, Cleanup cleanup) {
    const environment& env = co_await current_environment();
    outcome<T> ended = co_await outcome_under<T>(*env.cancel, std::move(work));
    try {
        co_await gawait::shield(cleanup());
    } catch (...) {
        if (!ended.failed())
            throw;
        report_unobserved(failure::current());
    }
    co_return ended.take();
}

} // namespace detail

/// Awaits something, and then a cleanup, however it ended: also when it failed or was cancelled,
/// where a `catch` block could not await. Gives what the first gave.
///
///     co_await with_cleanup(talk(connection), [&] { return say_goodbye(connection); });
///
/// @param cleanup called when the work has ended; what it returns is awaited, as by `shield()`.
/// @throws what the work failed with. What the cleanup throws, unless the work has failed: then
///     that goes to the unobserved exception handler.
template <awaitable Work, class Cleanup> auto with_cleanup(Work work, Cleanup cleanup) {
    return detail::with_cleanup(as_task(std::move(work)), std::move(cleanup));
}

} // namespace gawait
