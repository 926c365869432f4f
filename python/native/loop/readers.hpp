#pragma once

#include "python.hpp"

namespace gawait::python {

// Methods of the loop.
PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count);
PyObject* remove_reader(PyObject* self, PyObject* fd);
PyObject* remove_writer(PyObject* self, PyObject* fd);

/// The handles that read and write a descriptor, each None if there is none.
PyObject* watches_of(PyObject* self, PyObject* fd);

} // namespace gawait::python
