#pragma once

#include "gawait/dbus/value.hpp"

namespace gawait::dbus::test {

// What the tests of D-Bus call an object, and an interface of it, on their own buses.
inline constexpr const char* name = "org.gawait.Test";
inline const object_path path("/org/gawait/test");

} // namespace gawait::dbus::test
