#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `TransportMap`, which maps descriptors to the transports that have them, and keeps none of
/// these: what asyncio's loop has a `weakref.WeakValueDictionary` for, where each entry calls
/// Python when it is made and when it goes. False with an exception set on failure.
bool add_transport_map(PyObject* module) noexcept;

} // namespace gawait::python
