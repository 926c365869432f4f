#pragma once

#include "gawait/engine/profile.hpp"
#include "python.hpp"

namespace gawait::python {

/// Has sysprof see a task of asyncio's that begins, if it records.
void mark_task(PyObject* task) noexcept;

/// The same of an operation that ends.
void mark_operation(PyObject* operation, clock::time_point began) noexcept;

bool add_profile(PyObject* module) noexcept;

} // namespace gawait::python
