#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds the function that accepts connections to the module; false with an exception set on
/// failure.
bool add_accepting(PyObject* module);

} // namespace gawait::python
