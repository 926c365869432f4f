#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `fill_virtual_method(class, name)` to the module, which makes of a coroutine
/// `do_..._async()` of a Python class what C code calls: it puts functions of ours into the
/// class's or interface's structure, for PyGObject cannot hand a C callback to Python.
/// It returns whether there is such a method, of those that we know.
///
/// When the method is called, what `run_virtual_methods(run)` was given, `run(task, instance,
/// method, arguments, end)` has to end the `Gio.Task`: with `end_virtual_method(end, value)`, which
/// may raise, or `return_error()`.
bool add_async_virtual(PyObject* module) noexcept;

} // namespace gawait::python
