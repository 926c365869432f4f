#pragma once

#include "loop/loop.hpp"

namespace gawait::python {

/// Calls what a handle of a guest is for, while the guest is the thread's running loop, and the
/// loop that was it is not. False with an exception set that it raised.
bool call_as_guest(loop_object& self, handle& which) noexcept;

/// False with an exception set on failure.
bool prepare_guest() noexcept;

} // namespace gawait::python
