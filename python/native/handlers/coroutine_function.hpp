#pragma once

#include "python.hpp"

namespace gawait::python {

/// Whether calling it gives a coroutine, as `inspect.iscoroutinefunction()` says of it: an
/// `async def`, one that is bound or in a `functools.partial`, and what
/// `inspect.markcoroutinefunction()` has marked; or an object with an `async def __call__`.
bool is_coroutine_function(PyObject* callable) noexcept;

/// Whether calling it gives an asynchronous generator: an `async def` with a `yield`, one that is
/// bound or in a `functools.partial`.
bool is_async_generator_function(PyObject* callable) noexcept;

/// Whether a function of handlers.py is to make a handler of it, or to refuse it.
inline bool is_handled(PyObject* callable) noexcept {
    return is_coroutine_function(callable) || is_async_generator_function(callable);
}

bool prepare_coroutine_function() noexcept;

} // namespace gawait::python
