#pragma once

#include "awaiting/awaitables.hpp"
#include "python.hpp"

namespace gawait::python {

// The subtypes of `gi.FunctionInfo` that an object becomes an instance of once it is known what
// it is: `plain`, which has all the slots of the original type, and so costs what it always did;
// and `awaitable`, up to PyGObject 3.50 with one more of it for methods that are not bound, whose
// calls pass the instance instead of binding it.

/// Makes them. `original` still has its slots.
bool make_function_types() noexcept;

void become_plain(PyObject* info) noexcept;

/// @param is_method that is not bound
void become_awaitable(PyObject* info, awaitable_part part, bool is_method) noexcept;

} // namespace gawait::python
