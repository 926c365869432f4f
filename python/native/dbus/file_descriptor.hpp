#pragma once

#include "python.hpp"

namespace gawait::python {

/// A `FileDescriptor`, which owns the descriptor at once. Null with an exception set on failure.
object new_file_descriptor(int descriptor) noexcept;

bool is_file_descriptor(PyObject* given) noexcept;

bool add_file_descriptor(PyObject* module) noexcept;

} // namespace gawait::python
