#pragma once

#include "gawait/dbus/detail/wire.hpp"
#include "python.hpp"

namespace gawait::python {

/// Ends an operation by the reply to a call that is sent by a wire, as GDBus would end it.
///
/// @param what a tuple of the destination, path, interface and member
/// @param reply the type of the reply, a `DBusType`
/// @return false if it cannot be sent by this wire: nothing was done then.
bool call_by_wire(dbus::detail::wire& by, GDBusConnection* connection,
                  const dbus::detail::message_to_write& call, GUnixFDList* descriptors,
                  int timeout_ms, PyObject* operation, PyObject* what, PyObject* reply) noexcept;

} // namespace gawait::python
