#pragma once

#include "python.hpp"

namespace gawait::python {

bool add_virtual_time(PyObject* module) noexcept;

} // namespace gawait::python
