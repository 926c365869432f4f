#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/dbus/detail/body.hpp"
#include "gawait/dbus/detail/function_traits.hpp"
#include "gawait/dbus/error.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/scope.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gawait::dbus {

/// A call that is being answered: what a handler may want to know beside its arguments. Valid as
/// long as the handler runs.
class GAWAIT_API invocation {
public:
    explicit invocation(ref<GDBusMethodInvocation> call) noexcept : call_(std::move(call)) {}

    /// The caller's unique name; empty on a connection without a bus.
    std::string_view sender() const noexcept GAWAIT_LIFETIMEBOUND;

    /// The object that is called.
    std::string_view path() const noexcept GAWAIT_LIFETIMEBOUND;

    /// Whether the caller waits for an answer. If not, none is sent, whatever the handler gives.
    bool wants_reply() const noexcept;

    /// Whether the caller may be asked for a password, say.
    bool allows_interaction() const noexcept;

    /// For all else. Borrowed.
    GDBusConnection* connection() const noexcept GAWAIT_LIFETIMEBOUND;
    GDBusMessage* message() const noexcept GAWAIT_LIFETIMEBOUND;

    /// The descriptors that came with it, or null. (Those among the arguments, a handler gets as
    /// `unix_fd`.) Borrowed.
    GUnixFDList* descriptors() const noexcept GAWAIT_LIFETIMEBOUND;

private:
    ref<GDBusMethodInvocation> call_;
};

/// What arguments are called in a description; they have no names but these.
struct argument_names {
    std::vector<std::string> in;
    std::vector<std::string> out;
};

/// How the bus is told that a property has changed, as its description says it:
/// `org.freedesktop.DBus.Property.EmitsChangedSignal`.
enum class change_signal {
    with_value,  // with its new value
    invalidates, // without
    constant,    // it never changes
    none,        // not at all
};

namespace detail {

class interface_state;
class exported_state;

/// What goes out as the answer of a call.
struct answer {
    ref<GVariant> body;
    ref<GUnixFDList> descriptors;
};

template <class Result> answer answer_of(const Result& result);

using method_function = std::function<task<answer>(const invocation& call, GVariant* arguments)>;
using getter_function = std::function<task<answer>()>; // gives a variant
using setter_function = std::function<task<>(const invocation& call, GVariant* value)>;

} // namespace detail

/// An interface that objects have: its methods and properties, each with the coroutine or the
/// function that does it, and its signals. A handle: copies are the same interface.
///
///     dbus::interface clock("org.example.Clock");
///     clock.method("Wait", [](unsigned ms) -> task<> { co_await sleep_for(milliseconds(ms)); });
///     clock.property("Rate", [&] { return rate; }, [&](double to) { rate = to; });
///     clock.signal<unsigned>("Ticked");
///
/// Its description for other programs is made of the handlers' types; or it is given, and then the
/// types must be the description's.
///
/// A handler is a callable that is no template. What it takes are the arguments, perhaps after a
/// `const invocation&`; what it returns is the answer, of which a `std::tuple` is several and void
/// none, or a task of that. The handlers are kept as long as the interface is, and as long as a
/// call of it runs.
///
/// Objects have it by `exported`. It is complete by then: nothing can be added afterwards. It is
/// used in the thread in which its calls run.
class GAWAIT_API interface {
public:
    /// @throws value_error if it is no name of an interface.
    explicit interface(std::string_view name);

    /// @param description XML, a `<node>` with the interface in it.
    /// @throws value_error if there is none of that name.
    /// @throws gawait::error of `G_MARKUP_ERROR`, as GDBus reads it.
    interface(std::string_view name, std::string_view description);

    const std::string& name() const noexcept GAWAIT_LIFETIMEBOUND;

    /// Adds a method.
    ///
    /// @throws value_error if it is no name, there is one already, or the description has none or
    ///     one of other types.
    /// @throws gawait::error `G_IO_ERROR_BUSY` if the interface was exported already.
    template <class Handler>
    interface& method(std::string_view name, Handler handler, argument_names names = {});

    /// Adds a property that can be read.
    ///
    /// @param getter takes nothing, and gives the value or a task of it. What it throws is the
    ///     answer to who asks for it; who asks for all gets the others.
    /// @throws as `method()`
    template <class Getter>
    interface& property(std::string_view name, Getter getter,
                        change_signal told = change_signal::with_value);

    /// One that can be written, too.
    ///
    /// @param setter takes the value, perhaps after a `const invocation&`; gives nothing or a
    ///     `task<>`. It says by `changed()` that it has changed the value.
    /// @throws as `method()`
    template <class Getter, class Setter>
        requires(!std::is_same_v<Setter, change_signal>)
    interface& property(std::string_view name, Getter getter, Setter setter,
                        change_signal told = change_signal::with_value);

    /// Adds a signal that carries these.
    ///
    /// @throws as `method()`
    template <class... Arguments>
    interface& signal(std::string_view name, std::vector<std::string> names = {});

    /// Sends a signal from each object that has the interface.
    ///
    /// @throws value_error if the interface has no such signal, or one of other types; or if an
    ///     argument is none of D-Bus.
    template <class... Arguments>
    void emit(std::string_view signal, const Arguments&... arguments) const;

    /// Tells that a property has changed, of each object: with the value, or without it if the
    /// property is one that invalidates.
    ///
    /// @throws value_error if there is no such property, or one of another type.
    template <class T> void changed(std::string_view property, const T& value) const;

    /// The same without a value, which is asked for then.
    void invalidated(std::string_view property) const;

    /// All properties with their values, but those whose getters throw.
    task<vardict> get_all() const;

    /// For `exported`.
    const std::shared_ptr<detail::interface_state>& state() const noexcept { return state_; }

private:
    void add_method(std::string_view name, std::string_view in, std::string_view out,
                    argument_names names, detail::method_function function);
    void add_property(std::string_view name, std::string_view type, detail::getter_function getter,
                      detail::setter_function setter, change_signal told);
    void add_signal(std::string_view name, std::string_view types, std::vector<std::string> names);
    void send(std::string_view signal, GVariant* body) const;
    void send_change(std::string_view property, GVariant* value) const;

    std::shared_ptr<detail::interface_state> state_;
};

/// An object on a connection: interfaces at a path. Unexported at the end of its life.
///
///     co_await with_scope([&](scope& calls) -> task<> {
///         dbus::exported object(calls, bus, "/org/example/Clock", {clock});
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
    /// @throws value_error if there is no such path, or a method that an interface's description
    ///     has lacks its handler.
    /// @throws gawait::error `G_IO_ERROR_EXISTS` if the object has one of the interfaces already;
    ///     then it gets none of these. `G_IO_ERROR_CLOSED` if the connection is closed.
    exported(scope& calls, ref<GDBusConnection> bus, object_path path,
             std::vector<interface> interfaces);
    exported(exported&&) noexcept;
    exported& operator=(exported&&) noexcept;
    ~exported();

    const object_path& path() const noexcept GAWAIT_LIFETIMEBOUND;
    const std::vector<interface>& interfaces() const noexcept GAWAIT_LIFETIMEBOUND;

    /// Whether it can be called: until `unexport()`, or the connection is closed.
    bool is_exported() const noexcept;

    /// Takes the object off, and cancels its calls, whose ends the scope waits for.
    void unexport() noexcept;

private:
    std::unique_ptr<detail::exported_state> state_;
};

/// Has an object on a connection, with a scope of its own for its calls, while a body runs. All
/// calls have ended when this does.
///
///     co_await with_exported(bus, object_path("/org/example/Clock"), {clock},
///                            [&](dbus::exported& object) -> task<> { ... });
///
/// @param body a coroutine that is called with the `exported`; with a `const` one it may do less.
/// @return what the body gives.
/// @throws what the body throws, and the constructor of `exported`; cancelled
template <class Body>
auto with_exported(ref<GDBusConnection> bus, object_path path, std::vector<interface> interfaces,
                   Body body) -> std::invoke_result_t<Body&, exported&>;

/// Has an object on a connection until the task is cancelled, or the connection closed.
///
/// @throws as the constructor of `exported`; cancelled
GAWAIT_API task<> serve(ref<GDBusConnection> bus, object_path path,
                        std::vector<interface> interfaces);

} // namespace gawait::dbus
