#pragma once

#include "python.hpp"

namespace gawait::python {

/// Whether the `loop` calls back what is started in this thread now. False with an exception set
/// if that could not be found out.
bool in_current_context(PyObject* loop) noexcept;

/// The same; if not, an exception is set.
bool check_context(PyObject* loop) noexcept;

bool prepare_current_context() noexcept;

} // namespace gawait::python
