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

namespace ranges { // std::begin() does not look where argument-dependent lookup does

using std::begin;
using std::end;

template <class Range> auto begin_of(Range& range) -> decltype(begin(range)) {
    return begin(range);
}

template <class Range> auto end_of(Range& range) -> decltype(end(range)) { return end(range); }

} // namespace ranges

template <class Range>
using iterator_of = std::remove_cvref_t<decltype(ranges::begin_of(std::declval<Range&>()))>;

template <class Range, class Function>
task<> for_each_of(Range range, std::size_t limit, Function function) {
    check_limit(limit);
    auto next = ranges::begin_of(range);
    const auto end = ranges::end_of(range);
    const auto work = [&]() -> task<> {
        const environment& env = co_await current_environment();
        while (next != end) {
            if (env.cancel->requested())
                throw cancelled();
            auto own = next; // an element may be part of its iterator
            ++next;
            auto&& each = *own;
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

/// Whether a range can be gone through only once.
template <class Range>
concept single_pass =
    std::input_iterator<iterator_of<Range>> && !std::forward_iterator<iterator_of<Range>>;

template <single_pass Range>
async_generator<std::iter_value_t<iterator_of<Range>>> elements_of(Range range) {
    const auto end = ranges::end_of(range);
    for (auto next = ranges::begin_of(range); next != end; ++next)
        co_yield std::iter_value_t<iterator_of<Range>>(*next); // a copy: ++ may change it
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
/// @param range copied or moved, and kept; elements are passed as they are in it, or copies of them
///     if it can be gone through only once, as a `std::filesystem::directory_iterator`.
/// @param limit at least 1.
/// @param function what it gives is awaited, and has no value.
/// @throws the first failure; `cancelled`; error `G_IO_ERROR_INVALID_ARGUMENT` for a limit of 0.
template <class Range, class Function>
    requires requires(Range& range) {
        detail::ranges::begin_of(range) != detail::ranges::end_of(range);
    }
task<> for_each(Range range, std::size_t limit, Function function) {
    if constexpr (detail::single_pass<Range>)
        return detail::for_each_in(detail::elements_of(std::move(range)), limit,
                                   std::move(function));
    else
        return detail::for_each_of(std::move(range), limit, std::move(function));
}

/// The same of what a generator gives, which is moved from. The generator goes on when there is
/// room.
template <class T, class Function>
task<> for_each(async_generator<T> source, std::size_t limit, Function function) {
    return detail::for_each_in(std::move(source), limit, std::move(function));
}

} // namespace gawait
