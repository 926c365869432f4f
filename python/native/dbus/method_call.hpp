#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what calls a method of D-Bus.
bool add_method_call(PyObject* module) noexcept;

} // namespace gawait::python
