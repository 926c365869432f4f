#pragma once

#include "python.hpp"

namespace gawait::python {

/// The arguments of a call, as vectorcall has them. Borrowed.
struct arguments {
    PyObject* const* values;
    Py_ssize_t count;
    PyObject* names; // may be null

    Py_ssize_t named() const noexcept { return names ? PyTuple_GET_SIZE(names) : 0; }

    /// Borrowed, or null.
    PyObject* find(PyObject* name) const noexcept;
};

/// The arguments of a call through a tuple and a dictionary; keeps them.
class tuple_arguments {
public:
    /// With `first`, unless it is null, before them. Valid unless an exception is set.
    tuple_arguments(PyObject* first, PyObject* positional, PyObject* named) noexcept;

    arguments get() const noexcept {
        return {&PyTuple_GET_ITEM(values_.get(), 0), count_, names_.get()};
    }

private:
    object values_;
    object names_;
    Py_ssize_t count_;
};

} // namespace gawait::python
