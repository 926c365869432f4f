#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what subscribes to signals of D-Bus. PyGObject's own makes Python values of
/// all that GDBus tells of a signal, where its arguments are wanted alone.
bool add_signal_subscription(PyObject* module) noexcept;

} // namespace gawait::python
