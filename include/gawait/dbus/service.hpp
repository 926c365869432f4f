#pragma once

#include "gawait/dbus/error.hpp"
#include "gawait/dbus/interface.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/scope.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace gawait::dbus {

namespace detail {
class exported_state;
}

/// An object on a connection: interfaces at a path. Unexported at the end of its life.
///
///     co_await with_scope([&](scope& calls) -> task<> {
///         dbus::exported object(calls, bus, dbus::object_path("/org/example/Clock"), clock);
///         auto name = co_await dbus::own_name(bus, "org.example.Clock");
///         co_await name.lost();
///     });
///
/// Each call runs as a task of the scope, which outlives it. It is cancelled when its caller
/// vanishes from the bus, the connection is closed, or the object unexported; the answer then is
/// `org.freedesktop.DBus.Error.NoReply`. What a handler throws is an answer, see `error_of()`, and
/// not a failure of the scope. So what handlers refer to lives outside of the scope.
///
/// A call with arguments of other types than the interface says, of a method or property that it
/// has not, or that a property does not allow, is answered by GDBus and reaches no handler; so are
/// `Introspectable` and `Peer`.
///
/// On the thread of the scope's task.
class GAWAIT_API [[nodiscard]] exported {
public:
    /// @param calls where calls run.
    /// @param bus with a bus or without one.
    /// @param all one interface, or several in braces.
    /// @throws value_error if a method that an interface's description has lacks its handler.
    /// @throws gawait::error `G_IO_ERROR_EXISTS` if the object has one of the interfaces already;
    ///     then it gets none of these. `G_IO_ERROR_CLOSED` if the connection is closed;
    ///     another on another thread.
    exported(scope& calls, ref<GDBusConnection> bus, object_path path, interface_list all);
    exported(exported&&) noexcept;
    exported& operator=(exported&&) noexcept;
    ~exported();

    /// @throws gawait::error `G_IO_ERROR_INVALID_ARGUMENT` if this was moved from.
    const object_path& path() const GAWAIT_LIFETIMEBOUND;
    const interface_list& interfaces() const GAWAIT_LIFETIMEBOUND;

    /// Whether it can be called: until `unexport()`, or the connection is closed.
    bool is_exported() const noexcept;

    /// Takes the object off, and cancels its calls, whose ends the scope waits for.
    void unexport() noexcept;

private:
    const detail::exported_state& state() const;

    std::unique_ptr<detail::exported_state> state_;
};

/// Has an object on a connection, with a scope of its own for its calls, while a body runs. All
/// calls have ended when this does.
///
///     co_await dbus::with_exported(bus, dbus::object_path("/org/example/Clock"), clock,
///                                  [&](dbus::exported& object) -> task<> { ... });
///
/// @param body a coroutine that is called with the `exported`.
/// @return what the body gives.
/// @throws what the body throws, and the constructor of `exported`; cancelled
template <class Body>
auto with_exported(ref<GDBusConnection> bus, object_path path, interface_list all, Body body) {
    using given = std::invoke_result_t<Body&, exported&>;
    return with_scope([bus = std::move(bus), path = std::move(path), all = std::move(all),
                       body = std::move(body)](scope& calls) mutable -> given {
        exported object(calls, bus, path, all);
        co_return co_await body(object);
    });
}

/// Has an object on a connection until the task is cancelled, or the connection closed.
///
/// @throws as the constructor of `exported`; cancelled
GAWAIT_API task<> serve(ref<GDBusConnection> bus, object_path path, interface_list all);

} // namespace gawait::dbus
