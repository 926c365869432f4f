#pragma once

#include "gawait/detail/failure.hpp"

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait::detail {

/// How a coroutine ended: with a value, a reference or nothing, or with a failure.
template <class T> class outcome {
    // References are stored as pointers.
    using stored =
        std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, std::remove_const_t<T>>;

public:
    template <class U> void set(U&& value) {
        if constexpr (std::is_reference_v<T>) {
            T bound = std::forward<U>(value);
            state_.template emplace<1>(std::addressof(bound));
        } else {
            state_.template emplace<1>(std::forward<U>(value));
        }
    }

    void fail(failure why) noexcept { state_.template emplace<2>(std::move(why)); }

    /// Null if it did not fail.
    const failure* failed() const noexcept { return std::get_if<2>(&state_); }

    /// The exception, or null.
    std::exception_ptr exception() const noexcept {
        const failure* why = failed();
        return why ? why->exception() : nullptr;
    }

    /// Moves the outcome of another one here. What moving the value throws is the outcome
    /// then.
    void take_over(outcome& other) noexcept {
        try {
            if (auto* value = std::get_if<1>(&other.state_))
                state_.template emplace<1>(std::move(*value));
            else
                fail(std::move(std::get<2>(other.state_)));
        } catch (...) {
            fail(failure::current());
        }
    }

    /// Moves the value out, or throws what it failed with. To be called once.
    T take() {
        if (auto* why = std::get_if<2>(&state_))
            failure(std::move(*why)).rethrow();
        if constexpr (std::is_reference_v<T>)
            return static_cast<T>(*std::get<1>(state_));
        else
            return std::move(std::get<1>(state_));
    }

private:
    std::variant<std::monostate, stored, failure> state_;
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

private:
    failure failure_;
};

} // namespace gawait::detail
