#pragma once

#include "gawait/detail/failure.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace gawait::detail {

/// How a coroutine ended: with a value, a reference or nothing, or with a failure. (Not a variant,
/// whose machinery was much of what a program that awaits is compiled to.)
template <class T> class outcome {
    // References are stored as pointers.
    using stored =
        std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, std::remove_const_t<T>>;

public:
    template <class U> void set(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            T bound = std::forward<U>(value);
            value_.emplace(std::addressof(bound));
        } else {
            value_.emplace(std::forward<U>(value));
        }
    }

    void fail(failure why) noexcept { failure_ = std::move(why); }

    /// Null if it did not fail.
    const failure* failed() const noexcept { return failure_ ? &failure_ : nullptr; }

    /// The exception, or null.
    std::exception_ptr exception() const noexcept { return failure_.exception(); }

    /// Moves the outcome of another one here. What moving the value throws is the outcome
    /// then.
    void take_over(outcome& other) noexcept {
        try {
            if (other.failure_)
                fail(std::move(other.failure_));
            else // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it has ended
                value_.emplace(*std::move(other.value_));
        } catch (...) {
            fail(failure::current());
        }
    }

    /// Moves the value out, or throws what it failed with. To be called once.
    T take() {
        if (failure_)
            failure(std::move(failure_)).rethrow();
        // NOLINTBEGIN(bugprone-unchecked-optional-access): it has ended
        if constexpr (std::is_reference_v<T>)
            return static_cast<T>(**value_);
        else
            return *std::move(value_);
        // NOLINTEND(bugprone-unchecked-optional-access)
    }

    /// The value, or throws what it failed with.
    std::add_lvalue_reference_t<const T> look() const {
        if (failure_)
            failure_.rethrow();
        if constexpr (std::is_reference_v<T>)
            return **value_;
        else
            return *value_;
    }

private:
    std::optional<stored> value_;
    failure failure_;
};

template <> class outcome<void> {
public:
    void fail(failure why) noexcept { failure_ = std::move(why); }
    const failure* failed() const noexcept { return failure_ ? &failure_ : nullptr; }
    std::exception_ptr exception() const noexcept { return failure_.exception(); }
    void take_over(outcome& other) noexcept { failure_ = std::move(other.failure_); }

    void take() {
        if (failure_)
            failure(std::move(failure_)).rethrow();
    }

    void look() const {
        if (failure_)
            failure_.rethrow();
    }

private:
    failure failure_;
};

} // namespace gawait::detail
