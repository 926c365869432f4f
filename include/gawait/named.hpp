#pragma once

#include "gawait/detail/environment.hpp"
#include "gawait/engine/profile.hpp"
#include "gawait/task.hpp"

#include <string>
#include <utility>

namespace gawait {
namespace detail {

template <class T> task<T> named(std::string name, task<T> called_so) {
    environment& env = co_await current_environment();
    env.name = name.c_str();
    const profile::marked_scope marked("task", env.name);
    co_return co_await std::move(called_so);
}

} // namespace detail

/// Awaits something under a name, by which `dump_tasks()` and debuggers tell of it:
///
///     spawn(named("thumbnails", load_thumbnails(folder)));
///     co_await when_all(named("cover", load(cover)), named("lyrics", load(lyrics)));
///
/// What has none is called as its function. It costs as much as a task that awaits another one.
template <awaitable Awaitable> auto named(std::string name, Awaitable called_so) {
    return detail::named(std::move(name), as_task(std::move(called_so)));
}

} // namespace gawait
