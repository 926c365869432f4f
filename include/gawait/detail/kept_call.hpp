#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/task.hpp"

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gawait::detail {

/// Whether a call of the copies of these gives something to await.
template <class Function, class... Args>
concept starts_awaitable =
    !awaitable<std::decay_t<Function>> &&
    std::invocable<std::decay_t<Function>, std::decay_t<Args>...> &&
    awaitable<std::invoke_result_t<std::decay_t<Function>, std::decay_t<Args>...>>;

/// Calls a function and awaits what it gives; the function and its arguments are kept on
/// the frame until that has ended.
template <class Function, class... Args>
auto kept_call(Function function, Args... args)
    -> task<await_result_t<std::invoke_result_t<Function, Args...>>> {
    co_return co_await std::apply(std::move(function), std::tuple<Args&&...>(std::move(args)...));
}

} // namespace gawait::detail
