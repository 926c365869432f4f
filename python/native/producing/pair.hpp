#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what begins the coroutine of an `@async_method`, which is called each time.
bool add_pair_type(PyObject* module) noexcept;

} // namespace gawait::python
