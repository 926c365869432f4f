#pragma once

#include "gawait/arguments.hpp"

#include <gio/gio.h>

namespace gawait::dbus::detail {

// What GDBus would only warn of, and never call back.

/// @throws gawait::error `G_IO_ERROR_INVALID_ARGUMENT` if it is null.
void check_connection(GDBusConnection* bus);

// Each throws a value_error that says what it is that is wrong.
void check_bus_name(const cstring& name);
void check_object_path(const cstring& path);
void check_interface_name(const cstring& name);
void check_member_name(const cstring& name);

} // namespace gawait::dbus::detail
