#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/error.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace gawait::dbus {

/// An error that came over a bus, or goes out over it: by its name.
///
/// The `GError` underneath is the one that GDBus makes of it, so that `matches()` knows those that
/// have a code: `failure.matches(G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)`.
class GAWAIT_API error : public gawait::error {
public:
    /// What a handler throws.
    ///
    /// @param name as "org.example.Error.NotFound".
    /// @param message for people.
    /// @throws value_error if that is no name of an error.
    error(std::string_view name, const std::string& message);

    /// What another error is on a bus: one that came from there, as `as_result()` gives it, has
    /// its name; any other the one that GDBus gives its domain and code.
    explicit error(gawait::error other);

    const std::string& name() const noexcept GAWAIT_LIFETIMEBOUND { return name_; }

    /// Without the name, which GDBus puts in front.
    const char* message() const noexcept GAWAIT_LIFETIMEBOUND { return message_.c_str(); }
    const char* what() const noexcept GAWAIT_LIFETIMEBOUND override { return message_.c_str(); }

private:
    std::string name_;
    std::string message_;
};

/// As which error an exception goes out that a handler throws:
///
/// | exception        | name                                                          |
/// | ---------------- | ------------------------------------------------------------- |
/// | `dbus::error`    | its own                                                       |
/// | `gawait::error`  | that of its domain and code, as GDBus has it                  |
/// | `cancelled`      | `org.freedesktop.DBus.Error.NoReply`                          |
/// | anything else    | `org.freedesktop.DBus.Error.Failed`, with what it says        |
///
/// @param exception not null.
GAWAIT_API error error_of(const std::exception_ptr& exception);

} // namespace gawait::dbus
