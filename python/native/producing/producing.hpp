#pragma once

#include "gawait/ref.hpp"
#include "python.hpp"

#include <gio/gio.h>

namespace gawait::python {

/// A new `Gio.Task` object. Null with an exception set on failure.
object new_task(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer user_data) noexcept;

/// What Python says of a `GTask` that is to be made, but for how it calls back. Borrowed.
struct wanted_task {
    PyObject* source;
    PyObject* cancellable;
    int priority;
    Py_ssize_t tag; // the address of what Python has kept
    const char* name;
};

/// Makes it, with a callback of Python's, or `None`, and a tuple of what that gets besides. Empty
/// with an exception set on failure.
object new_task(const wanted_task& wanted, PyObject* callback, PyObject* data) noexcept;

bool is_task(PyObject* given) noexcept;

/// Ends a task with a value, of the type that C code is to get it in. False with an exception set
/// if it cannot be one.
bool return_value(GTask* task, PyObject* value) noexcept;

/// A `GTask`, or null with an exception set.
GTask* task_of(PyObject* given) noexcept;

/// Whether it is now that a task or an invocation is ended, and not before. Ctrl-C may raise right
/// after a value was given, where an exception otherwise says that it could not be.
bool ends_now(gpointer task_or_invocation) noexcept;

/// Takes that back, where it could not be ended.
void not_ended(gpointer task_or_invocation) noexcept;

/// What PyGObject makes of a pointer. Null with an exception set if it is none.
gpointer pointer_of(PyObject* given) noexcept;

/// Adds to the module what `producing.py` makes and ends a `GTask` with. PyGObject's own
/// functions leak in some versions, and know no integers of 64 bits.
bool add_producing(PyObject* module) noexcept;

} // namespace gawait::python
