#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module `Wire`: what reads and writes a connection to a message bus in its loop's
/// thread.
bool add_wire_type(PyObject* module) noexcept;

} // namespace gawait::python
