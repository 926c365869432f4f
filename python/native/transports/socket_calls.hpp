#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `sock_recv()` and its kin to the type of the loop.
bool add_socket_calls(PyObject* module, PyTypeObject* loop_type) noexcept;

} // namespace gawait::python
