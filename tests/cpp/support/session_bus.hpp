#pragma once

#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <csignal>
#include <cstddef>
#include <sys/prctl.h>
#include <utility>
#include <vector>

namespace gawait::test {

/// A `dbus-daemon` that is the session bus while this lives.
///
/// Not a `GTestDBus`: that forks, and the child's end looks like leaks to a sanitizer.
class session_bus {
public:
    session_bus() : daemon_(begin()), address_(read_address(daemon_)) {
        g_setenv("DBUS_SESSION_BUS_ADDRESS", address(), TRUE);
    }
    session_bus(const session_bus&) = delete;
    session_bus& operator=(const session_bus&) = delete;

    ~session_bus() {
        g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
        g_subprocess_force_exit(daemon_);
        g_subprocess_wait(daemon_, nullptr, nullptr);
    }

    const char* address() const { return address_.get(); }

    /// A new connection, apart from `g_bus_get()`'s.
    ref<GDBusConnection> connect() const {
        return ref<GDBusConnection>::adopt(g_dbus_connection_new_for_address_sync(
            address(),
            GDBusConnectionFlags(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                 G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
            nullptr, nullptr, nullptr));
    }

private:
    static ref<GSubprocess> begin() {
        const auto launcher = ref<GSubprocessLauncher>::adopt(
            g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE));
        // Should the test crash.
        const auto die_with_parent = +[](gpointer) { prctl(PR_SET_PDEATHSIG, SIGTERM); };
        g_subprocess_launcher_set_child_setup(launcher, die_with_parent, nullptr, nullptr);
        GError* failure = nullptr;
        auto begun = ref<GSubprocess>::adopt(
            g_subprocess_launcher_spawn(launcher, &failure, "dbus-daemon", "--session", "--nofork",
                                        "--nopidfile", "--print-address", nullptr));
        if (failure)
            throw error(failure);
        return begun;
    }

    static unique_string read_address(GSubprocess* daemon) {
        const auto output = ref<GDataInputStream>::adopt(
            g_data_input_stream_new(g_subprocess_get_stdout_pipe(daemon)));
        unique_string line(g_data_input_stream_read_line_utf8(output, nullptr, nullptr, nullptr));
        if (!line)
            throw error(G_IO_ERROR_FAILED, "dbus-daemon gave no address");
        return line;
    }

    ref<GSubprocess> daemon_;
    unique_string address_;
};

/// An object on a bus, on a connection of its own, served by the thread-default context
/// of its creation.
///
/// `Echo(s) -> (s)`, `Fail(s)`, which answers with an error of that message, and
/// `Hold(s) -> (s)`, which answers when it is told to.
class bus_service {
public:
    static constexpr const char* path = "/gawait/test";
    static constexpr const char* interface = "gawait.Test";

    explicit bus_service(const session_bus& bus) : connection_(bus.connect()) {
        const auto node = ref<GDBusNodeInfo>::adopt(g_dbus_node_info_new_for_xml(
            "<node><interface name='gawait.Test'>"
            "<method name='Echo'><arg type='s'/><arg type='s' direction='out'/></method>"
            "<method name='Fail'><arg type='s'/></method>"
            "<method name='Hold'><arg type='s'/><arg type='s' direction='out'/></method>"
            "</interface></node>",
            nullptr));
        static const GDBusInterfaceVTable functions{on_call, nullptr, nullptr, {}};
        registration_ = g_dbus_connection_register_object(connection_, path, node->interfaces[0],
                                                          &functions, this, nullptr, nullptr);
    }

    bus_service(const bus_service&) = delete;
    bus_service& operator=(const bus_service&) = delete;

    ~bus_service() {
        answer_held();
        g_dbus_connection_unregister_object(connection_, registration_);
        g_dbus_connection_close_sync(connection_, nullptr, nullptr);
    }

    /// The unique name to call it by.
    const char* name() const { return g_dbus_connection_get_unique_name(connection_); }

    /// How many calls of `Hold()` wait for their answer.
    std::size_t held() const { return held_.size(); }

    /// Answers all of these.
    void answer_held() {
        for (auto& each : std::exchange(held_, {}))
            echo(std::move(each));
    }

    /// Closes the connection, as the end of its process would.
    void vanish() { g_dbus_connection_close_sync(connection_, nullptr, nullptr); }

private:
    static void echo(ref<GDBusMethodInvocation> call) {
        GVariant* parameters = g_dbus_method_invocation_get_parameters(call);
        g_dbus_method_invocation_return_value(call.release(), parameters);
    }

    static void on_call(GDBusConnection*, const char*, const char*, const char*, const char* method,
                        GVariant* parameters, GDBusMethodInvocation* invocation, gpointer self) {
        auto call = ref<GDBusMethodInvocation>::adopt(invocation);
        if (g_str_equal(method, "Echo")) {
            echo(std::move(call));
        } else if (g_str_equal(method, "Hold")) {
            static_cast<bus_service*>(self)->held_.push_back(std::move(call));
        } else {
            const char* message = nullptr;
            g_variant_get(parameters, "(&s)", &message);
            g_dbus_method_invocation_return_dbus_error(call.release(), "gawait.Test.Failed",
                                                       message);
        }
    }

    ref<GDBusConnection> connection_;
    guint registration_ = 0;
    std::vector<ref<GDBusMethodInvocation>> held_;
};

} // namespace gawait::test
