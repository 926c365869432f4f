#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <memory>
#include <string>

namespace gawait::dbus {

namespace detail {
class name_ownership;
}

/// A name on a bus, which is given back at the end of its life. Made by `own_name()`. One that was
/// moved from throws `gawait::error`, `G_IO_ERROR_INVALID_ARGUMENT`, whatever it is asked.
class GAWAIT_API [[nodiscard]] owned_name {
public:
    explicit owned_name(std::unique_ptr<detail::name_ownership> owned) noexcept;
    owned_name(owned_name&&) noexcept;
    owned_name& operator=(owned_name&&) noexcept;
    ~owned_name();

    const std::string& name() const GAWAIT_LIFETIMEBOUND;

    /// Whether the name is this connection's no more: it was replaced, or the connection is
    /// closed. For good: it is not queued for.
    bool is_lost() const;

    /// Waits until it is lost. This must live until that has ended.
    ///
    /// @throws cancelled
    task<> lost();

    /// Gives the name back, and waits until the bus has said so.
    ///
    /// @throws gawait::error, cancelled
    task<> release();

private:
    detail::name_ownership& owned() const;

    std::unique_ptr<detail::name_ownership> owned_;
};

/// Owns a name on the bus, as long as what it gives lives.
///
/// @param flags `G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT`, `..._REPLACE`. There is no queue: a
///     name that is taken is an error.
/// @throws value_error if it is no name.
/// @throws dbus::error `org.freedesktop.DBus.Error.NameHasOwner`, naming the owner, if another
///     connection or this one has it already; what the bus answers, as `AccessDenied`.
/// @throws cancelled
GAWAIT_API task<owned_name> own_name(ref<GDBusConnection> bus, std::string name,
                                     GBusNameOwnerFlags flags = G_BUS_NAME_OWNER_FLAGS_NONE);

/// The unique names of who owns a name, one after the other: who does now, and then after each
/// change. Empty while nobody does. Ends when the connection is closed.
///
///     auto owners = dbus::owners_of(bus, "org.example.Player");
///     while (const std::string* owner = co_await owners.next())
///         ...
///
/// @throws value_error out of the first `next()` if it is no name.
GAWAIT_API async_generator<std::string> owners_of(ref<GDBusConnection> bus, std::string name);

} // namespace gawait::dbus
