#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait::detail {

/// How a coroutine ended: with a value, a reference or nothing, or with an exception.
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

    void fail(std::exception_ptr exception) noexcept {
        state_.template emplace<2>(std::move(exception));
    }

    /// The exception, or null.
    std::exception_ptr exception() const noexcept {
        const auto* held = std::get_if<2>(&state_);
        return held ? *held : nullptr;
    }

    /// Moves the value out, or throws the exception. To be called once.
    T take() {
        if (auto* held = std::get_if<2>(&state_))
            std::rethrow_exception(std::move(*held));
        if constexpr (std::is_reference_v<T>)
            return static_cast<T>(*std::get<1>(state_));
        else
            return std::move(std::get<1>(state_));
    }

private:
    std::variant<std::monostate, stored, std::exception_ptr> state_;
};

template <> class outcome<void> {
public:
    void fail(std::exception_ptr exception) noexcept { exception_ = std::move(exception); }
    std::exception_ptr exception() const noexcept { return exception_; }

    void take() {
        if (exception_)
            std::rethrow_exception(std::move(exception_));
    }

private:
    std::exception_ptr exception_;
};

} // namespace gawait::detail
