#pragma once

#include "python.hpp"

namespace gawait::python {

/// A copy of the current `contextvars.Context`, for a callback that is to run later; null with an
/// exception set on failure. Callbacks that follow each other in an unchanged context share one
/// until they run: a thousand that wait have no thousand objects, whose number would have Python
/// collect garbage.
PyObject* new_call_context() noexcept;

/// Makes of such a copy one that is the callback's own, which it may change. Takes over the
/// reference, and gives one. Null with an exception set on failure.
PyObject* own_call_context(PyObject* shared) noexcept;

/// Lets go of one that is shared.
void drop_call_context(PyObject* shared) noexcept;

/// False with an exception set on failure.
bool prepare_call_context() noexcept;

} // namespace gawait::python
