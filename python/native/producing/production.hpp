#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what runs a coroutine for somebody who waits for it outside its task.
bool add_production(PyObject* module) noexcept;

} // namespace gawait::python
