#pragma once

#include "gawait/dbus/call.hpp"
#include "gawait/dbus/signal_match.hpp"

namespace gawait::dbus::detail {

// The bus itself, as an object on it.
inline constexpr const char* bus_name = "org.freedesktop.DBus";
inline constexpr const char* bus_path = "/org/freedesktop/DBus";
inline constexpr const char* bus_interface = "org.freedesktop.DBus";

template <class Result, class... Arguments>
call_operation<Result> ask_bus(GDBusConnection* bus, const char* method,
                               const Arguments&... arguments) {
    return call<Result>(bus, bus_name, bus_path, bus_interface, method, arguments...);
}

/// The signals that tell of a name's new owner: the name, the old and the new, or "".
inline signal_match owner_changes_of(const char* name) noexcept {
    return {.sender = bus_name,
            .path = bus_path,
            .interface = bus_interface,
            .member = "NameOwnerChanged",
            .argument = name};
}

} // namespace gawait::dbus::detail
