#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/error.hpp"

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait {
namespace detail {

/// The error of a result that holds another outcome.
GAWAIT_API const error& error_of_no_failure(bool was_cancelled) noexcept;

} // namespace detail

/// What an operation came to, without an exception: a value, an `error`, or that the
/// task was cancelled.
template <class T = void> class [[nodiscard]] result {
    using given = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    // References are stored as pointers.
    using stored = std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, given>;

public:
    result(given value) noexcept(std::is_nothrow_move_constructible_v<stored>)
        : value_(kept(value)) {}
    result(gawait::error failure) noexcept : error_(std::move(failure)) {}
    result(gawait::cancelled) noexcept {}

    result()
        requires std::is_void_v<T>
        : value_(std::in_place) {}

    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    bool has_error() const noexcept { return error_.has_value(); }
    bool was_cancelled() const noexcept { return !has_value() && !has_error(); }

    /// @throws error, cancelled: what there is instead of a value.
    std::add_lvalue_reference_t<T> value() & GAWAIT_LIFETIMEBOUND {
        throw_if_none();
        if constexpr (!std::is_void_v<T>)
            return **this;
    }

    /// @throws error, cancelled: what there is instead of a value.
    T value() && {
        throw_if_none();
        if constexpr (!std::is_void_v<T>)
            return static_cast<T&&>(**this);
    }

    /// @throws error, cancelled: what there is instead of a value.
    std::add_lvalue_reference_t<const T> value() const& GAWAIT_LIFETIMEBOUND {
        throw_if_none();
        if constexpr (!std::is_void_v<T>)
            return **this;
    }

    // NOLINTBEGIN(bugprone-unchecked-optional-access): the caller's contract
    /// The value; undefined unless `has_value()`.
    std::add_lvalue_reference_t<T> operator*() noexcept
        requires(!std::is_void_v<T>)
    {
        if constexpr (std::is_reference_v<T>)
            return **value_;
        else
            return *value_;
    }

    std::add_lvalue_reference_t<const T> operator*() const noexcept
        requires(!std::is_void_v<T>)
    {
        if constexpr (std::is_reference_v<T>)
            return **value_;
        else
            return *value_;
    }
    // NOLINTEND(bugprone-unchecked-optional-access)

    std::add_pointer_t<T> operator->() noexcept
        requires(!std::is_void_v<T>)
    {
        return &**this;
    }

    std::add_pointer_t<const T> operator->() const noexcept
        requires(!std::is_void_v<T>)
    {
        return &**this;
    }

    /// The failure. Without one it is an error that says so: `G_IO_ERROR_CANCELLED` if the
    /// task was cancelled, `G_IO_ERROR_INVALID_ARGUMENT` if there is a value.
    const gawait::error& error() const noexcept GAWAIT_LIFETIMEBOUND {
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access)
        return has_error() ? *error_ : detail::error_of_no_failure(was_cancelled());
    }

private:
    static stored kept(given& value) noexcept(std::is_nothrow_move_constructible_v<stored>) {
        if constexpr (std::is_reference_v<T>)
            return std::addressof(value);
        else
            return std::move(value);
    }

    void throw_if_none() const {
        if (has_error())
            throw error();
        if (was_cancelled())
            throw cancelled();
    }

    // Without either, the task was cancelled.
    std::optional<stored> value_;
    std::optional<gawait::error> error_;
};

/// An awaiter that can give its outcome without an exception.
template <class T>
concept has_await_result = requires(T& object) { object.await_result(); };

/// The awaiter of `as_result()`.
template <class Awaitable> class [[nodiscard]] result_awaiter {
    using awaiter_type = std::remove_cvref_t<decltype(get_awaiter(std::declval<Awaitable>()))>;
    using value_type = await_result_t<Awaitable>;

public:
    explicit result_awaiter(Awaitable awaited) : awaiter_(get_awaiter(std::move(awaited))) {}

    bool await_ready() {
        if constexpr (requires { awaiter_type::awaited_once; }) {
            if (std::exchange(awaited_, true)) {
                refused_.emplace(G_IO_ERROR_INVALID_ARGUMENT,
                                 "gawait::as_result: awaited a second time");
                return true;
            }
        }
        return awaiter_.await_ready();
    }

    template <detail::has_environment Promise>
    auto await_suspend(std::coroutine_handle<Promise> awaiting) {
        using returned = decltype(awaiter_.await_suspend(awaiting));
        if constexpr (std::is_same_v<returned, bool> &&
                      !noexcept(awaiter_.await_suspend(awaiting))) {
            try {
                return awaiter_.await_suspend(awaiting);
            } catch (const error& why) {
                refused_ = why;
                return false;
            }
        } else {
            return awaiter_.await_suspend(awaiting);
        }
    }

    result<value_type> await_resume() {
        if (refused_) [[unlikely]] {
            error why = *std::move(refused_);
            refused_.reset();
            return why;
        }
        if constexpr (has_await_result<awaiter_type>) {
            return awaiter_.await_result();
        } else {
            try {
                if constexpr (std::is_void_v<value_type>) {
                    awaiter_.await_resume();
                    return {};
                } else {
                    return result<value_type>(awaiter_.await_resume());
                }
            } catch (const error& failure) {
                return failure;
            } catch (const cancelled& why) {
                return why;
            }
        }
    }

private:
    awaiter_type awaiter_;
    std::optional<error> refused_; // what it did not begin to wait for
    bool awaited_ = false;
};

/// The non-throwing form of an await: `co_await as_result(x)` gives a `result` where
/// `co_await x` would throw `error` or `cancelled`. Other exceptions are thrown still.
///
/// A GIO operation then throws nothing underneath either.
template <awaitable Awaitable> result_awaiter<Awaitable> as_result(Awaitable awaited) {
    return result_awaiter<Awaitable>(std::move(awaited));
}

} // namespace gawait
