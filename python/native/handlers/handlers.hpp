#pragma once

#include "python.hpp"

namespace gawait::python {

/// What PyGObject calls in the place of a coroutine function that was given to an introspected
/// function. Empty with an exception set on failure.
///
/// @param to the function's name
object callback_handler(PyObject* coroutine_function, PyObject* to) noexcept;

/// Adds `handle_coroutines(class, signal_handler, callback_handler)`, which replaces the methods
/// of the class that connect signals. The class is `GObject.Object`; the two functions are those
/// of handlers.py.
bool add_handlers(PyObject* module) noexcept;

} // namespace gawait::python
