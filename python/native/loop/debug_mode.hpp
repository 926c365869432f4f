#pragma once

#include "loop/loop.hpp"

namespace gawait::python {

/// Whether a loop is, or was, in asyncio's debug mode, so that what has no loop at hand need not
/// look for it. Guarded by the GIL.
extern bool debug_mode_in_use;

/// What `loop_object::call()` does, of a loop in debug mode: whoever asks meanwhile is told which
/// handle it is, and what is slow is logged.
bool call_in_debug_mode(loop_object& self, handle& which) noexcept;

/// Calls a method of a loop in Python, with an object and the seconds that have passed, if these
/// are more than `slow_callback_duration`. The exception that is set stays so.
void tell_if_slow(loop_object& self, clock::time_point began, const char* method,
                  PyObject* of) noexcept;

} // namespace gawait::python
