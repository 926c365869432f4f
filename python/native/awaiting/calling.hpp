#pragma once

#include "python.hpp"

namespace gawait::python {

// What an awaitable object is called by: `tp_call` and `vectorcall`. Without a callback, and on a
// loop of gawait's, the call returns an operation; any other goes to the original, and
// a callback that it is given tells the result its user data.
PyObject* tuple_call_awaitable(PyObject* info, PyObject* positional, PyObject* named);
PyObject* vectorcall_awaitable(PyObject* info, PyObject* const* values, std::size_t count,
                               PyObject* names);

/// What a call without its callback returns on a loop that is none of GLib's: it says so when it is
/// awaited.
void returned_off_loop(PyObject* instead) noexcept;

bool prepare_calling() noexcept;

} // namespace gawait::python
