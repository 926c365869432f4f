#pragma once

#include "python.hpp"

#include <gio/gio.h>

namespace gawait::python {

/// A coroutine that is to run. Borrowed.
struct wanted_production {
    PyObject* coroutine;
    PyObject* end; // what it ends, as producing.run() says
    PyObject* title;
    GCancellable* cancellable; // the caller's; an Operation has its own
    int priority;
};

/// What producing.run() does. False with an exception set on failure.
bool run_production(const wanted_production& wanted) noexcept;

/// Adds to the module what runs a coroutine for somebody who waits for it outside its task.
bool add_production(PyObject* module) noexcept;

} // namespace gawait::python
