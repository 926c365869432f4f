#pragma once

#include "python.hpp"

namespace gawait::python {

/// The event loop that runs in this thread, as `asyncio.get_running_loop()` knows it, or empty.
object running_loop() noexcept;

/// Has another loop run in this thread, or none by `None`, as `asyncio._set_running_loop()` does.
/// False with an exception set on failure.
bool set_running_loop(PyObject* loop) noexcept;

bool prepare_running_loop() noexcept;

} // namespace gawait::python
