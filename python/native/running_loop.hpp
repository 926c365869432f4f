#pragma once

#include "python.hpp"

namespace gawait::python {

/// The event loop that runs in this thread, as `asyncio.get_running_loop()` knows it, or empty.
object running_loop() noexcept;

bool prepare_running_loop() noexcept;

} // namespace gawait::python
