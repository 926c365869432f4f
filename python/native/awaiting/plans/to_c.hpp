#pragma once

#include "awaiting/plans/c_function.hpp"
#include "python.hpp"

#include <glib-object.h>

#include <memory>
#include <vector>

namespace gawait::python {

/// What arguments point to for as long as their function is called, and beyond that.
struct call_memory {
    std::vector<object> objects;
    std::vector<std::unique_ptr<const char*[]>> vectors;

    object kept;                // until the operation has ended: bytes that C reads or writes
    Py_ssize_t kept_length = 0; // of `kept`
};

struct parameter;

/// Puts what Python has given into a C value that PyGObject would make of it as well. Returns
/// false if it is anything that needs thought, or code of a user's: then PyGObject is asked, which
/// takes it or tells what is wrong with it.
using to_c = bool (*)(const parameter&, PyObject* given, c_value&, call_memory&) noexcept;

/// An argument of a C function, which Python gives.
struct parameter {
    to_c convert = nullptr; // null: Python does not give it
    ffi_type* type = &ffi_type_pointer;
    Py_ssize_t position = 0; // among what Python gives
    bool may_be_null = false;
    object of; // class: of an object
    GType gtype = G_TYPE_INVALID;
};

/// Sets how a kind of arguments, as plans.py names them, is converted. False if there is no such.
bool set_kind(parameter&, const char* kind) noexcept;

} // namespace gawait::python
