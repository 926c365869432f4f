#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what `tasks.py` asks of C++.
bool add_task_tree(PyObject* module) noexcept;

} // namespace gawait::python
