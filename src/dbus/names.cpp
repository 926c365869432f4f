#include "dbus/names.hpp"

#include "gawait/dbus/value.hpp"
#include "gawait/error.hpp"

#include <string>

namespace gawait::dbus::detail {
namespace {

void check(const cstring& text, gboolean (*is_one)(const char*), const char* what) {
    if (text.valid() && is_one(text.get())) [[likely]]
        return;
    const std::string shown = text.get() ? "'" + std::string(text.get()) + "'" : "a null pointer";
    throw value_error(shown + " is no " + what);
}

} // namespace

void check_connection(GDBusConnection* bus) {
    if (!bus) [[unlikely]]
        throw gawait::error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::dbus: the connection is null");
}

void check_bus_name(const cstring& name) { check(name, g_dbus_is_name, "name on a bus"); }

void check_object_path(const cstring& path) {
    check(path, g_variant_is_object_path, "object path");
}

void check_interface_name(const cstring& name) {
    check(name, g_dbus_is_interface_name, "name of an interface");
}

void check_member_name(const cstring& name) {
    check(name, g_dbus_is_member_name, "name of a method, signal or property");
}

} // namespace gawait::dbus::detail
