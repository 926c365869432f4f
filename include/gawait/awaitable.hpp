#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace gawait {

/// An object that `co_await` works on as it is.
template <class T>
concept awaiter = requires(T& object) {
    { object.await_ready() } -> std::convertible_to<bool>;
    object.await_resume();
};

/// What `co_await` makes of a `T`.
template <class T> decltype(auto) get_awaiter(T&& object) {
    if constexpr (requires { std::forward<T>(object).operator co_await(); })
        return std::forward<T>(object).operator co_await();
    else
        return std::forward<T>(object);
}

/// Whatever can stand behind `co_await`.
template <class T>
concept awaitable = awaiter<std::remove_reference_t<decltype(get_awaiter(std::declval<T>()))>>;

/// What `co_await` gives for a `T`.
template <class T> using await_result_t = decltype(get_awaiter(std::declval<T>()).await_resume());

} // namespace gawait
