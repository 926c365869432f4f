#pragma once

#include "python.hpp"

namespace gawait::python {

/// Whether calling it gives a coroutine, as `inspect.iscoroutinefunction()` says of it: an
/// `async def`, one that is bound or in a `functools.partial`, and what
/// `inspect.markcoroutinefunction()` has marked; or an object with an `async def __call__`.
bool is_coroutine_function(PyObject* callable) noexcept;

bool prepare_coroutine_function() noexcept;

} // namespace gawait::python
