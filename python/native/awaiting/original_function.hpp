#pragma once

#include "awaiting/arguments.hpp"
#include "python.hpp"

namespace gawait::python {

/// The type `gi.FunctionInfo`, and what was in its slots before they were replaced.
///
/// Up to PyGObject 3.50, an access through an instance makes a bound copy of the object. Since
/// 3.52, objects have a vectorcall function each.
struct original_function {
    PyTypeObject* type;
    ternaryfunc call;
    descrgetfunc bind;
    Py_ssize_t vectorcall_offset;
    bool has_vectorcall;
    vectorcallfunc vectorcall; // null until an object was seen that has one

    vectorcallfunc& vectorcall_of(PyObject* info) const noexcept {
        return *reinterpret_cast<vectorcallfunc*>(reinterpret_cast<char*>(info) +
                                                  vectorcall_offset);
    }
};

/// Of this process. Its type is null until the slots were replaced.
extern original_function original;

/// Calls an object as if we were not there.
object call_original(PyObject* info, const arguments& given) noexcept;

} // namespace gawait::python
