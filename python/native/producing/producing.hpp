#pragma once

#include "gawait/ref.hpp"
#include "python.hpp"

#include <gio/gio.h>

namespace gawait::python {

/// A new `Gio.Task` object. Null with an exception set on failure.
object new_task(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer user_data) noexcept;

/// Adds to the module what `producing.py` makes and ends a `GTask` with. PyGObject's own
/// functions leak in some versions, and know no integers of 64 bits.
bool add_producing(PyObject* module) noexcept;

} // namespace gawait::python
