#pragma once

#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

namespace gawait::dbus::detail {

/// Waits until a connection is closed.
///
/// @throws cancelled
task<> until_closed(ref<GDBusConnection> bus);

} // namespace gawait::dbus::detail
