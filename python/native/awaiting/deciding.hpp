#pragma once

#include "python.hpp"

namespace gawait::python {

/// Finds out what an object that was called is, and makes it that, unless it was done before.
void decide_called(PyObject* info) noexcept;

// The slots of the original type, for objects of which it is not known what they are.
PyObject* call_undecided(PyObject* info, PyObject* positional, PyObject* named);
PyObject* bind_undecided(PyObject* info, PyObject* instance, PyObject* type);

/// Both are functions of introspection.py.
void prepare_deciding(PyObject* describe, PyObject* of_class) noexcept;

} // namespace gawait::python
