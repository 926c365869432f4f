#pragma once

#include "python.hpp"

namespace gawait::python {

// Methods of the loop.
PyObject* create_future(PyObject* self, PyObject*);
PyObject* create_task(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names);

bool prepare_tasks() noexcept;

} // namespace gawait::python
