#pragma once

#include "python.hpp"

namespace gawait::python {

/// Whom something concerns that happens on a connection.
struct parties {
    object loop;
    object transport;
    object protocol;
};

/// Gives the exception that is set to the loop's exception handler. False with an exception set if
/// it is an interrupt, or that handler has failed.
bool report(const parties& concerned, const char* message);

/// The same with an exception that was taken, which is no interrupt.
bool report(const parties& concerned, const char* message, PyObject* exception);

} // namespace gawait::python
