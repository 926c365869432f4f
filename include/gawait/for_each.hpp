#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/error.hpp"
#include "gawait/scope.hpp"
#include "gawait/semaphore.hpp"

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace gawait {
namespace detail {

inline void check_limit(std::size_t limit) {
    if (limit == 0)
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::for_each: the limit is 0, so that nothing would begin");
}

template <class Range, class Function>
task<> for_each_of(Range range, std::size_t limit, Function function) {
    check_limit(limit);
    auto next = std::begin(range);
    const auto end = std::end(range);
    const auto work = [&]() -> task<> {
        const environment& env = co_await current_environment();
        while (next != end) {
            if (env.cancel->requested())
                throw cancelled();
            auto&& each = *next;
            ++next;
            co_await function(each);
        }
    };
    const auto begin = [&](scope& workers) -> task<> {
        auto ahead = next;
        for (; limit > 0 && ahead != end; --limit, ++ahead)
            workers.spawn(work);
        co_return;
    };
    co_await gawait::with_scope(begin);
}

template <class T, class Function>
task<> for_each_in(async_generator<T> source, std::size_t limit, Function function) {
    check_limit(limit);
    semaphore free(limit);
    using value_type = std::remove_cvref_t<T>;
    const auto work = [&](value_type value, semaphore_permit /*held*/) -> task<> {
        co_await function(std::move(value));
    };
    const auto begin = [&](scope& workers) -> task<> {
        for (;;) {
            auto permit = co_await free.hold();
            auto* const value = co_await source.next();
            if (!value)
                break;
            workers.spawn(work, std::move(*value), std::move(permit));
        }
    };
    co_await gawait::with_scope(begin);
}

} // namespace detail

/// Awaits `function(element)` for each element of a range, so many at a time. When one fails the
/// others are cancelled, and the rest does not begin; all have ended before this does.
///
///     co_await for_each(paths, 8, [&](const std::string& path) { return fetch(path); });
///
/// @param range copied or moved, and kept; elements are passed as they are in it.
/// @param limit at least 1.
/// @param function what it gives is awaited, and has no value.
/// @throws the first failure; `cancelled`; error `G_IO_ERROR_INVALID_ARGUMENT` for a limit of 0.
template <class Range, class Function>
    requires requires(Range& range) { std::begin(range) != std::end(range); }
task<> for_each(Range range, std::size_t limit, Function function) {
    return detail::for_each_of(std::move(range), limit, std::move(function));
}

/// The same of what a generator gives, which is moved from. The generator goes on when there is
/// room.
template <class T, class Function>
task<> for_each(async_generator<T> source, std::size_t limit, Function function) {
    return detail::for_each_in(std::move(source), limit, std::move(function));
}

} // namespace gawait
