// error: D-Bus has no type for a value that may be missing
#include "gawait/dbus/value.hpp"

#include <optional>
#include <vector>

auto sent() { return gawait::dbus::to_variant(std::vector<std::optional<int>>()); }
