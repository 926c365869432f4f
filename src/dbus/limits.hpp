#pragma once

#include <gio/gio.h>

namespace gawait::dbus::detail {

/// Refuses what a message may not carry: the other end, or the bus, would close the connection.
/// Within the limits are at most 64 containers (arrays, structures, entries of dictionaries,
/// variants) in each other, arrays of 64 MiB, messages of 128 MiB, and signatures of 255
/// characters with 32 arrays and 32 structures in each other.
///
/// @param body a tuple of the arguments.
/// @throws value_error that says which limit it is.
void check_body(GVariant* body);

} // namespace gawait::dbus::detail
