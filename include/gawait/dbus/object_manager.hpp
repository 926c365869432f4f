#pragma once

#include "gawait/dbus/service.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/scope.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <map>
#include <memory>
#include <string>

namespace gawait::dbus {

inline constexpr const char* object_manager_interface = "org.freedesktop.DBus.ObjectManager";

/// The properties of an object's interfaces, by their names: `a{sa{sv}}`.
using interface_properties = std::map<std::string, vardict>;

/// What `GetManagedObjects` gives.
using managed_objects = std::map<object_path, interface_properties>;

namespace detail {
class managed_state;
}

/// An object that is exported and that an `object_manager` knows. Unexported at the end of its
/// life, of which the manager's signal `InterfacesRemoved` tells.
class GAWAIT_API [[nodiscard]] managed_object {
public:
    managed_object(std::shared_ptr<detail::managed_state> manager, exported object) noexcept;
    managed_object(managed_object&&) noexcept;
    managed_object& operator=(managed_object&&) noexcept;
    ~managed_object();

    const object_path& path() const GAWAIT_LIFETIMEBOUND { return object_.path(); }

private:
    std::shared_ptr<detail::managed_state> manager_;
    exported object_;
};

/// Tells others which objects there are below a path, and of those that come and go:
/// `org.freedesktop.DBus.ObjectManager`. It, and its objects, are exported in a scope, as
/// `exported` is.
///
///     dbus::object_manager devices(calls, bus, object_path("/org/example"));
///     auto printer = co_await devices.add(object_path("/org/example/printer"), device);
class GAWAIT_API [[nodiscard]] object_manager {
public:
    /// @throws as `exported`
    object_manager(scope& calls, ref<GDBusConnection> bus, object_path path);
    object_manager(object_manager&&) noexcept;
    object_manager& operator=(object_manager&&) noexcept;
    ~object_manager();

    /// Exports an object below the manager's path, and tells of it by `InterfacesAdded`, with what
    /// its properties are.
    ///
    /// @throws value_error if the path is not below the manager's, or its properties are too large
    ///     or too deep for a message; then it is not there.
    /// @throws gawait::error `G_IO_ERROR_EXISTS` also if the path was added already;
    ///     `G_IO_ERROR_INVALID_ARGUMENT` if this was moved from; otherwise as `exported`; cancelled
    task<managed_object> add(object_path path, interface_list interfaces);

private:
    std::shared_ptr<detail::managed_state> state_;
};

} // namespace gawait::dbus
