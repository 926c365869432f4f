#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `with_read_pipe_methods()` and `with_write_pipe_methods()`, decorators of classes derived
/// from asyncio's transports of pipes.
bool add_pipes(PyObject* module) noexcept;

} // namespace gawait::python
