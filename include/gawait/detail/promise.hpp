#pragma once

#include "gawait/detail/outcome.hpp"
#include "gawait/detail/promise_base.hpp"

#include <concepts>
#include <utility>

namespace gawait {

template <class T> class task;

namespace detail {

/// The promise of a `task`.
template <class T> class promise : public promise_base {
public:
    task<T> get_return_object() noexcept;

    template <std::convertible_to<T> U = T> void return_value(U&& value) {
        result_.set(std::forward<U>(value));
    }

    void unhandled_exception() noexcept { result_.fail(failure::current()); }

    outcome<T>& result() noexcept { return result_; }

private:
    outcome<T> result_;
};

template <> class promise<void> : public promise_base {
public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { result_.fail(failure::current()); }

    outcome<void>& result() noexcept { return result_; }

private:
    outcome<void> result_;
};

} // namespace detail
} // namespace gawait
