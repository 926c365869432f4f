#pragma once

#include "awaiting/awaitables.hpp"
#include "python.hpp"

namespace gawait::python {

/// Starts an awaitable function, and returns its operation; null with an exception set on failure.
///
/// @param values what `async_function::complete()` made; its last item is set
object start(PyObject* info, const awaitable_part& part, PyObject* loop, const object& values,
             finish_function finish) noexcept;

/// Where the cancellable is among the values, or null.
PyObject** cancellable_in(const awaitable_part& part, const object& values) noexcept;

/// How the function is finished.
finish_function finish_of(PyObject* info, const awaitable_part& part,
                          const object& values) noexcept;

/// @param explain makes the error to raise of one that a start has failed with
void prepare_starting(PyObject* explain) noexcept;

} // namespace gawait::python
