#pragma once

#include "gawait/arguments.hpp"
#include "gawait/async.hpp"
#include "gawait/dbus/detail/body.hpp"
#include "gawait/dbus/error.hpp"
#include "gawait/detail/api.hpp"

#include <gio/gio.h>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <string>
#include <type_traits>
#include <utility>

namespace gawait::dbus {

/// What a call can be asked beside its arguments.
struct call_options {
    /// How long the answer is waited for; less than 0 is GDBus's own, 25 seconds.
    std::chrono::milliseconds timeout{-1};

    GDBusCallFlags flags = G_DBUS_CALL_FLAGS_NONE;
};

namespace detail {

/// A call of a method that has not been sent.
class GAWAIT_API method_call {
public:
    /// @throws value_error if one of them is none. The destination may be null.
    method_call(GDBusConnection* bus, const cstring& destination, const cstring& path,
                const cstring& interface, const cstring& method, const call_options& options);

    /// @param arguments may float.
    /// @param descriptors may be null.
    /// @throws value_error if a message may not carry them.
    void carry(GVariant* arguments, GUnixFDList* descriptors);

    void send(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) noexcept;
    ref<GDBusMessage> receive(GAsyncResult* result, GError** failure) noexcept;

    /// For `dump_tasks()`.
    void describe(std::string& to) const;

    /// As one that wants no reply.
    ///
    /// @throws gawait::error
    void send_only();

private:
    ref<GDBusConnection> bus_;
    ref<GDBusMessage> message_;
    int timeout_;
};

/// Throws it by its name, if it has one.
[[noreturn]] GAWAIT_API void throw_named(gawait::error failure);

/// Borrowed of a message; without one that of an empty one.
GAWAIT_API ref<GVariant> body_of(GDBusMessage* message) noexcept;

} // namespace detail

/// The awaiter of `call()`. It may be moved until it is awaited, which is once.
template <class Result> class [[nodiscard]] call_operation : gawait::detail::operation_base {
    using body = detail::body<Result>;

public:
    using value_type = decltype(body::read(nullptr, nullptr));

    explicit call_operation(detail::method_call call) noexcept
        : operation_base(a_call), call_(std::move(call)) {}

    bool await_ready() const noexcept { return false; }

    template <gawait::detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        auto start = [this](GCancellable* cancellable, GAsyncReadyCallback callback,
                            gpointer data) { call_.send(cancellable, callback, data); };
        return begin(awaiting, awaiting.promise().env(), start);
    }

    value_type await_resume() {
        auto replied = reply();
        if (replied.has_error()) [[unlikely]]
            detail::throw_named(replied.error());
        return read(replied.value());
    }

    /// What `as_result()` gives. A `dbus::error` of its error has the name.
    result<value_type> await_result() {
        auto replied = reply();
        if (replied.has_error())
            return replied.error();
        if (replied.was_cancelled())
            return cancelled();
        try {
            if constexpr (std::is_void_v<value_type>)
                return {};
            else
                return read(*replied);
        } catch (const gawait::error& failure) {
            return failure;
        }
    }

private:
    static value_type read(GDBusMessage* reply) {
        return body::read(detail::body_of(reply), g_dbus_message_get_unix_fd_list(reply));
    }

    result<ref<GDBusMessage>> reply() noexcept {
        if (!ended())
            return cancelled();
        GError* failure = nullptr;
        auto received = call_.receive(async_result(), &failure);
        if (!failure) [[likely]]
            return received;
        gawait::error owned(failure);
        if (is_cancellation(owned))
            return cancelled();
        return owned;
    }

    static void add_call(const gawait::detail::pending& self, std::string& to) {
        static_cast<const call_operation&>(self).call_.describe(to);
    }

    static constexpr gawait::detail::pending::kind a_call{gawait::detail::pending::role::operation,
                                                          "a D-Bus call", add_call};

    detail::method_call call_;
};

/// Calls a method of a remote object.
///
///     auto name = co_await dbus::call<std::string>(bus, "org.freedesktop.DBus",
///                                                  "/org/freedesktop/DBus",
///                                                  "org.freedesktop.DBus", "GetNameOwner",
///                                                  "org.example.Player");
///
/// @tparam Result what the method gives: one value is that, several are a `std::tuple`. Of void,
///     whatever it gives is dropped.
/// @param options how long the answer is waited for, and flags; may be left out.
/// @param bus a reference is kept.
/// @param destination a name on the bus; null on a connection without one.
/// @param arguments are made a message at once, by `value_traits`: none has to live on.
///
/// The task's cancellation ends the wait, and not the method, of which D-Bus has no way.
///
/// @throws value_error at once, if an argument, name or path is one that D-Bus does not allow, or
///     the arguments are too large or too deep for a message.
/// @throws dbus::error with the name that the other side answered with; of the bus itself
///     `org.freedesktop.DBus.Error.ServiceUnknown` if nobody has the destination's name, and
///     `NoReply` if it vanishes in mid-call.
/// @throws type_error if the answer is of another type.
/// @throws gawait::error `G_IO_ERROR_TIMED_OUT` if no answer came, `G_IO_ERROR_CLOSED` if the
///     connection is closed.
/// @throws cancelled
template <class Result = void, class... Arguments>
auto call(call_options options, GDBusConnection* bus, const cstring& destination,
          const cstring& path, const cstring& interface, const cstring& method,
          const Arguments&... arguments) {
    detail::method_call made(bus, destination, path, interface, method, options);
    if constexpr (sizeof...(Arguments) > 0) {
        ref<GUnixFDList> descriptors;
        GVariant* const body =
            detail::structure_traits<Arguments...>::to(descriptors, arguments...);
        made.carry(body, descriptors);
    }
    return call_operation<Result>(std::move(made));
}

template <class Result = void, class... Arguments>
auto call(GDBusConnection* bus, const cstring& destination, const cstring& path,
          const cstring& interface, const cstring& method, const Arguments&... arguments) {
    return call<Result>(call_options{}, bus, destination, path, interface, method, arguments...);
}

} // namespace gawait::dbus
