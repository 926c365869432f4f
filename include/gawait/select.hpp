#pragma once

#include "gawait/channel.hpp"
#include "gawait/task.hpp"
#include "gawait/when_any.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait {
namespace detail {

/// Takes from the first channel that has something.
template <class... T, std::size_t... I>
std::optional<std::variant<std::optional<T>...>> take_first(std::index_sequence<I...> /*each*/,
                                                            channel<T>&... channels) {
    std::optional<std::variant<std::optional<T>...>> taken;
    const auto try_one = [&]<std::size_t Index>(auto& from) {
        auto value = from.try_receive();
        if (value)
            taken.emplace(std::in_place_index<Index>, std::move(value));
        return taken.has_value();
    };
    static_cast<void>((try_one.template operator()<I>(channels) || ...));
    return taken;
}

/// What is perhaps taken for a channel. (The system's select() has arguments of other kinds.)
template <class From>
concept receives = requires(From& from) { from.receive(); };

template <class> constexpr bool is_channel = false;
template <class T> constexpr bool is_channel<channel<T>> = true;

} // namespace detail

/// Receives from the first of several channels that has something. Takes nothing from the others:
/// `when_any()` of two `receive()` would lose what comes second.
///
/// Those that come first here are preferred: one that always has something lets nobody else have a
/// turn, so name the most urgent first and the busiest last. One that is closed and empty is passed
/// over.
///
/// Gives a `std::variant` whose `index()` says which it was, with the value. Once all are closed
/// and empty, it gives nothing, of the first, at once and each time.
///
/// @throws as `receive()`; error `G_IO_ERROR_CLOSED` if one of them is destroyed meanwhile.
template <class... T>
    requires(sizeof...(T) > 0)
task<std::variant<std::optional<T>...>> select(channel<T>&... channels) {
    const auto none_is_left = [&] { return ((channels.closed() && channels.size() == 0) && ...); };
    const std::array lives{channels.watch()...};
    for (;;) {
        if (none_is_left()) {
            (co_await channels.ready(), ...); // at once, but for the others of the loop
            co_return std::variant<std::optional<T>...>();
        }
        co_await when_any(channels.ready_or_closing()...);
        if (!std::ranges::all_of(lives, &detail::lifetime_watch::alive)) [[unlikely]]
            detail::suspension::fail_left_behind();
        auto taken = detail::take_first(std::index_sequence_for<T...>(), channels...);
        if (taken)
            co_return std::move(*taken);
    }
}

/// Refused: others cannot be waited for without taking from them.
template <class... From>
    requires(!(detail::is_channel<std::remove_cvref_t<From>> && ...) &&
             (detail::receives<std::remove_reference_t<From>> && ...))
task<> select(From&&... /*channels*/) {
    static_assert((detail::is_channel<std::remove_cvref_t<From>> && ...),
                  "gawait::select: this is no channel<T>. Of a thread_channel, have a task receive "
                  "and send into a channel");
    return {};
}

} // namespace gawait
