#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::test {

/// An object, of a class that can be told from others.
inline ref<GObject> new_object() { return adopt(G_OBJECT(g_socket_client_new())); }

/// One that a weak reference can tell the end of.
inline ref<GCancellable> new_cancellable() { return adopt(g_cancellable_new()); }

} // namespace gawait::test
