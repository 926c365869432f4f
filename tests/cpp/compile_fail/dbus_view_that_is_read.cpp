// error: a view cannot be read
#include "gawait/dbus/value.hpp"

auto received(GVariant* value) { return gawait::dbus::from_variant<std::string_view>(value); }
