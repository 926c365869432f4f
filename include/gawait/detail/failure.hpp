#pragma once

#include "gawait/detail/api.hpp"

#include <exception>
#include <utility>

namespace gawait::detail {

/// What something failed with: an exception, or `cancelled`. That is a state, which is found
/// out and passed on without a throw, for one request may end thousands of coroutines.
class GAWAIT_API failure {
public:
    /// No failure.
    failure() noexcept = default;

    failure(std::exception_ptr exception) noexcept : exception_(std::move(exception)) {}

    /// The exception that is being handled, in a `catch` block.
    static failure current() noexcept;

    static failure by_cancellation() noexcept;

    explicit operator bool() const noexcept { return cancelled_ || exception_; }

    bool was_cancelled() const noexcept { return cancelled_ || (exception_ && holds_cancelled()); }

    /// Null for none.
    std::exception_ptr exception() const noexcept;

    [[noreturn]] void rethrow() const;

private:
    bool holds_cancelled() const noexcept;

    std::exception_ptr exception_;
    bool cancelled_ = false;
};

} // namespace gawait::detail
