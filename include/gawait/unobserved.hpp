#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/failure.hpp"

#include <exception>

namespace gawait {

/// What is called with an exception that ended a coroutine and that nobody will see:
/// that of a spawned task whose handle was dropped without awaiting it, or of the second
/// child of a scope to fail. Never with `cancelled`. On the thread where it came to light.
using unobserved_exception_handler = void (*)(std::exception_ptr) noexcept;

/// Sets the handler for the whole process; null restores the default, which logs a
/// warning. From any thread.
///
/// @return the handler before.
GAWAIT_API unobserved_exception_handler
set_unobserved_exception_handler(unobserved_exception_handler handler) noexcept;

namespace detail {

/// @param ended what the failure ended, as the default handler says.
GAWAIT_API void report_unobserved(const failure& why, const char* ended = "a task") noexcept;

} // namespace detail
} // namespace gawait
