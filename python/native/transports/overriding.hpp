#pragma once

#include "python.hpp"

namespace gawait::python {

// A class may be the standard library's, or derived from one, and have some methods in C++: those
// that are called often, for what comes often. They leave all else to the methods in whose place
// they are.

/// A class and its methods in C++, an array that ends with an empty one.
struct overriding {
    PyMethodDef* methods;
    PyTypeObject* type = nullptr;

    /// Adds the methods to the class, which it returns; null with an exception set on failure.
    PyObject* decorate(PyObject* decorated) noexcept;

    /// Calls the method that one of the class overrides; as above.
    PyObject* call_overridden(PyObject* self, const char* method, PyObject* const* arguments,
                              Py_ssize_t count, PyObject* names) const noexcept;
};

} // namespace gawait::python
