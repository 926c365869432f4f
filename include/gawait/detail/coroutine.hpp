#pragma once

#include "gawait/detail/promise.hpp"

#include <coroutine>
#include <utility>

namespace gawait::detail {

/// Owns the coroutine of a task, which has not begun or has ended.
template <class T> class coroutine {
public:
    using handle = std::coroutine_handle<detail::promise<T>>;

    coroutine() noexcept = default;
    explicit coroutine(handle owned) noexcept : handle_(owned) {}
    coroutine(coroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    coroutine& operator=(coroutine&& other) noexcept {
        coroutine taken(std::move(other));
        std::swap(handle_, taken.handle_);
        return *this;
    }

    ~coroutine() {
        if (handle_)
            handle_.destroy();
    }

    explicit operator bool() const noexcept { return bool(handle_); }

    /// Borrowed.
    handle get() const noexcept { return handle_; }

    detail::promise<T>& promise() const noexcept { return handle_.promise(); }
    outcome<T>& result() const noexcept { return promise().result(); }

private:
    handle handle_;
};

} // namespace gawait::detail
