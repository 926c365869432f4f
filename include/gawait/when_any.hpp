#pragma once

#include "gawait/when_all.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

namespace gawait {
namespace detail {

template <class... T> task<std::variant<value_of<T>...>> when_any_of(task<T>... tasks) {
    sibling_group group(co_await current_environment(), sibling_group::cancel_rest::when_one_ends);
    std::tuple<member<T>...> members(member<T>(group, std::move(tasks))...);
    std::apply([](auto&... each) { (each.begin(), ...); }, members);
    co_await group.join();
    const auto winner = [&]<std::size_t... I>(std::index_sequence<I...>) {
        std::optional<std::variant<value_of<T>...>> value;
        const auto take_if_first = [&]<std::size_t Index>(auto& each) {
            if (&each == group.first_to_end())
                value.emplace(std::in_place_index<Index>, take_value(each));
        };
        (take_if_first.template operator()<I>(std::get<I>(members)), ...);
        return value;
    };
    auto value = winner(std::index_sequence_for<T...>());
    if (!value)
        throw cancelled();
    co_return std::move(*value);
}

template <class T>
task<std::pair<std::size_t, value_of<T>>> when_any_in(std::vector<task<T>> tasks) {
    if (tasks.empty())
        throw error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::when_any: nothing to wait for");
    sibling_group group(co_await current_environment(), sibling_group::cancel_rest::when_one_ends);
    std::vector<member<T>> members;
    members.reserve(tasks.size());
    for (task<T>& each : tasks)
        members.emplace_back(group, std::move(each));
    for (member<T>& each : members)
        each.begin();
    co_await group.join();
    for (std::size_t index = 0; index < members.size(); ++index)
        if (&members[index] == group.first_to_end())
            co_return {index, take_value(members[index])};
    throw cancelled();
}

} // namespace detail

/// Awaits several awaitables at the same time until the first one ends. The others are
/// then cancelled, and have ended before the await does.
///
/// Gives a `std::variant` whose `index()` says which was first, with `std::monostate` for
/// one without a value.
///
/// @throws what the first one to end failed with; `cancelled`. Failures of the others go
///     to the unobserved exception handler.
template <awaitable... Awaitables>
    requires(sizeof...(Awaitables) > 0)
auto when_any(Awaitables... awaitables) {
    return detail::when_any_of(as_task(std::move(awaitables))...);
}

/// The same for a range of awaitables, which is moved from: gives the position of the
/// first to end and its value (`std::monostate` if it has none).
///
/// @throws error too, for an empty range.
template <class Range>
    requires detail::range_of_awaitables<std::remove_cvref_t<Range>>
auto when_any(Range&& range) {
    static_assert(detail::is_handed_over<Range>,
                  "gawait::when_any: tasks are awaited once: hand them over with std::move()");
    return detail::when_any_in(
        detail::tasks_of<std::remove_cvref_t<Range>>(std::forward<Range>(range)));
}

} // namespace gawait
