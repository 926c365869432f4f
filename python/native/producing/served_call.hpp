#pragma once

#include "gawait/dbus/detail/wire.hpp"
#include "python.hpp"

namespace gawait::python {

/// A call that a wire has brought: what a `Gio.DBusMethodInvocation` is of one that GDBus has.
struct served_call {
    PyObject_HEAD ref<GDBusConnection> connection;
    dbus::detail::received_message message;
    ref<GVariant> arguments;
    bool has_ended;
};

/// Null with an exception set on failure.
object new_served_call(GDBusConnection* connection, const dbus::detail::received_message& message,
                       ref<GVariant> arguments) noexcept;

/// Null if it is something else.
served_call* served_call_in(PyObject* given) noexcept;

/// Sends a reply to a call that either has brought; done with if the connection is closed. False
/// with `failure` set if it cannot be sent.
bool send_reply_message(GDBusConnection* connection, GDBusMessage* reply,
                        GError** failure) noexcept;

/// Replies to a call, unless that wants no reply. False with `failure` set if that is impossible.
bool send_reply(served_call& to, GVariant* values, GUnixFDList* descriptors,
                GError** failure) noexcept;
void send_error(served_call& to, const char* name, const char* message) noexcept;

bool add_served_call(PyObject* module) noexcept;

} // namespace gawait::python
