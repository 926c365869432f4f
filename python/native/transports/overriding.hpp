#pragma once

#include "python.hpp"

namespace gawait::python {

// A class may be the standard library's, or derived from one, and have some methods in C++: those
// that are called often, for what comes often. They leave all else to the methods in whose place
// they are.

/// Adds methods to a class; the array ends with an empty one. False with an exception set on
/// failure.
bool override_methods(PyTypeObject* type, PyMethodDef* methods) noexcept;

/// Calls the method that one of `type` overrides. Null with an exception set on failure.
PyObject* call_overridden(PyTypeObject* type, PyObject* self, const char* method,
                          PyObject* const* arguments, Py_ssize_t count, PyObject* names) noexcept;

} // namespace gawait::python
