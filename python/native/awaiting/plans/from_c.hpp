#pragma once

#include "awaiting/plans/c_function.hpp"
#include "python.hpp"

#include <glib-object.h>

#include <memory>

namespace gawait::python {

struct result;

/// Makes of a C value what PyGObject would make of it, and frees what C gave away. Null with an
/// exception set on failure.
using from_c = object (*)(const result&, c_value&, gsize length) noexcept;

/// A value that a C function returns or writes to where an argument points.
struct result {
    from_c convert = nullptr;
    ffi_type* type = &ffi_type_void;
    bool owned = false; // it is given away, with all that is in it
    bool shown = false; // Python gets it
    int length_in = -1; // of an array: the result that has the number of its elements
    object of;          // class: of an object
    GType gtype = G_TYPE_INVALID;
    std::unique_ptr<const result> item; // of a list
};

/// Sets how a kind of results, as plans.py names them, is converted. False if there is no such.
bool set_kind(result&, const char* kind) noexcept;

} // namespace gawait::python
