#pragma once

#include "gawait/detail/api.hpp"

#include <gio/gio.h>

#include <exception>
#include <utility>

namespace gawait {

/// An exception that owns a `GError`.
class GAWAIT_API error : public std::exception {
public:
    /// Takes ownership of `owned`, which must not be null.
    explicit error(GError* owned) noexcept : error_(owned) {}

    error(GQuark domain, int code, const char* message) noexcept
        : error_(g_error_new_literal(domain, code, message)) {}

    /// An error of `G_IO_ERROR`.
    error(GIOErrorEnum code, const char* message) noexcept : error(G_IO_ERROR, code, message) {}

    /// The `G_IO_ERROR` that belongs to an `errno`, its message preceded by what
    /// was being done: "watching a file descriptor: Bad file descriptor".
    static error from_errno(int number, const char* doing) noexcept;

    error(const error& other) noexcept
        : std::exception(other), error_(g_error_copy(other.error_)) {}
    error(error&& other) noexcept : error_(std::exchange(other.error_, nullptr)) {}

    error& operator=(error other) noexcept {
        std::swap(error_, other.error_);
        return *this;
    }

    ~error() override;

    GQuark domain() const noexcept { return error_->domain; }
    int code() const noexcept { return error_->code; }
    const char* message() const noexcept GAWAIT_LIFETIMEBOUND { return error_->message; }
    const char* what() const noexcept GAWAIT_LIFETIMEBOUND override { return error_->message; }

    bool matches(GQuark domain, int code) const noexcept {
        return g_error_matches(error_, domain, code);
    }

    bool matches(GIOErrorEnum code) const noexcept { return matches(G_IO_ERROR, code); }

    /// Borrowed.
    const GError* get() const noexcept GAWAIT_LIFETIMEBOUND { return error_; }

    /// The `GError`, which the caller then owns; the exception is left empty and
    /// may only be assigned to or destroyed.
    GError* release() noexcept { return std::exchange(error_, nullptr); }

private:
    GError* error_;
};

/// Thrown out of an await because the task that awaits was cancelled.
///
/// Not an `error`, so that a handler that deals with failures does not swallow a
/// cancellation.
class GAWAIT_API cancelled : public std::exception {
public:
    const char* what() const noexcept override;
};

namespace detail {

/// The error of what is used after it was moved from.
///
/// @param what its class, as "gawait::emissions".
GAWAIT_API error moved_from_error(const char* what) noexcept;

} // namespace detail
} // namespace gawait
