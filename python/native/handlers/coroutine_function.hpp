#pragma once

#include "python.hpp"

namespace gawait::python {

/// Whether calling it gives a coroutine, as `inspect.iscoroutinefunction()` says of it: an
/// `async def`, one that is bound, in a `functools.partial`, or the `__call__()` of an object, or
/// what `inspect.markcoroutinefunction()` has marked. It runs no code of the callable's, but of its
/// `__getattr__()` if it is no function.
bool is_coroutine_function(PyObject* callable) noexcept;

bool prepare_coroutine_function() noexcept;

} // namespace gawait::python
