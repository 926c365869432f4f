#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what `dbus/exporting.py` exports objects with. What PyGObject has for this
/// leaks method invocations in some versions.
bool add_exported(PyObject* module) noexcept;

} // namespace gawait::python
