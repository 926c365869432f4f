#pragma once

#include "gawait/detail/siblings.hpp"

#include <iterator>
#include <tuple>
#include <vector>

namespace gawait {
namespace detail {

template <class... T> task<std::tuple<value_of<T>...>> when_all_of(task<T>... tasks) {
    sibling_group group(co_await current_environment(), sibling_group::cancel_rest::when_one_fails);
    std::tuple<member<T>...> members(member<T>(group, std::move(tasks))...);
    std::apply([](auto&... each) { (each.begin(), ...); }, members);
    co_await group.join();
    group.rethrow_failure();
    if (!std::apply([](auto&... each) { return (each.begun() && ...); }, members))
        throw cancelled();
    co_return std::apply(
        [](auto&... each) { return std::tuple<value_of<T>...>{take_value(each)...}; }, members);
}

template <class T>
using vector_of = std::conditional_t<std::is_void_v<T>, void, std::vector<value_of<T>>>;

template <class T> task<vector_of<T>> when_all_in(std::vector<task<T>> tasks) {
    sibling_group group(co_await current_environment(), sibling_group::cancel_rest::when_one_fails);
    std::vector<member<T>> members;
    members.reserve(tasks.size());
    for (task<T>& each : tasks)
        members.emplace_back(group, std::move(each));
    for (member<T>& each : members)
        each.begin();
    co_await group.join();
    group.rethrow_failure();
    for (const member<T>& each : members)
        if (!each.begun())
            throw cancelled();
    if constexpr (std::is_void_v<T>) {
        for (member<T>& each : members)
            each.take();
    } else {
        vector_of<T> values;
        values.reserve(members.size());
        for (member<T>& each : members)
            values.push_back(each.take());
        co_return values;
    }
}

// Not of <ranges>, which takes as long to compile as all of this library.
template <class Range>
using element_of = std::iter_value_t<decltype(std::begin(std::declval<Range&>()))>;

template <class Range>
concept range_of_awaitables = awaitable<element_of<Range>>;

/// Whether an argument can become a parameter: a container of tasks can if it is moved. (The
/// standard's claim to be copyable, whatever they hold.)
template <class Range>
constexpr bool is_handed_over = !std::is_lvalue_reference_v<Range> ||
                                std::copy_constructible<element_of<std::remove_cvref_t<Range>>> ||
                                (std::copy_constructible<std::remove_cvref_t<Range>> && !requires {
                                    typename std::remove_cvref_t<Range>::allocator_type;
                                });

/// The awaitables of a range as tasks of one type.
template <range_of_awaitables Range> auto tasks_of(Range range) {
    std::vector<task<await_result_t<element_of<Range>>>> tasks;
    if constexpr (requires { std::size(range); })
        tasks.reserve(std::size(range));
    for (auto&& each : range)
        tasks.push_back(as_task(std::move(each)));
    return tasks;
}

} // namespace detail

/// Awaits several awaitables at the same time and gives their values as a `std::tuple`,
/// with `std::monostate` for those without one. They begin in order, within the await.
///
/// When one fails the others are cancelled; all have ended before the await does.
///
/// @throws the first failure; `cancelled`. Failures after the first go to the unobserved
///     exception handler.
template <awaitable... Awaitables> auto when_all(Awaitables... awaitables) {
    return detail::when_all_of(as_task(std::move(awaitables))...);
}

/// The same for a range of awaitables, which is moved from: gives a `std::vector` of
/// their values in the order of the range, or nothing if they have none.
template <class Range>
    requires detail::range_of_awaitables<std::remove_cvref_t<Range>>
auto when_all(Range&& range) {
    static_assert(detail::is_handed_over<Range>,
                  "gawait::when_all: tasks are awaited once: hand them over with std::move()");
    return detail::when_all_in(
        detail::tasks_of<std::remove_cvref_t<Range>>(std::forward<Range>(range)));
}

} // namespace gawait
