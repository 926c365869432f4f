#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds `with_datagram_methods()`, the decorator of a class derived from asyncio's transport of
/// datagrams.
bool add_datagrams(PyObject* module) noexcept;

} // namespace gawait::python
