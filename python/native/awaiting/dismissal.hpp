#pragma once

#include "python.hpp"

namespace gawait::python {

/// Makes a `gawait.Dismissed` of the `GLib.Error` by which GTK says that the user has closed a
/// dialog. Any other exception stays what it is.
void name_dismissal(PyObject* failure) noexcept;

bool add_dismissal(PyObject* module) noexcept;

} // namespace gawait::python
