#pragma once

#include "loop/handle.hpp"
#include "python.hpp"

namespace gawait::python {

/// The keyword argument that gives a call its priority.
extern PyObject* priority_name;

bool is_name(PyObject* given, PyObject* name) noexcept;

/// Reads `callback, *arguments, context=None, priority=None`; `skip` arguments come before, and
/// the callback is there.
bool parse_call(const char* method, PyObject* const* arguments, Py_ssize_t count, PyObject* names,
                Py_ssize_t skip, call& parsed) noexcept;

// Methods of the loop.
PyObject* call_soon(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names);
PyObject* call_later(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* call_at(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names);
PyObject* time_method(PyObject* self, PyObject*);

/// From now on calls look for the priority of who makes them.
PyObject* set_priorities_in_use(PyObject*, PyObject*);

/// Adds the context variable `priority`.
bool add_calls(PyObject* module) noexcept;

} // namespace gawait::python
