// A service on the session bus, by GDBus's callbacks, until its input ends. Prints its unique name
// as its first line.
//
// Echo gives back a text, Text is a property, and Emit replies and then emits so many of Happened.

#include "gawait/ref.hpp"
#include "support/answer.hpp"
#include "support/bus_service.hpp"

#include <gio/gio.h>
#include <glib-unix.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <unistd.h>

namespace gawait::benchmarks {
namespace {

constexpr auto description = R"(
<node>
  <interface name="org.example.Service">
    <method name="Echo">
      <arg type="s" direction="in"/>
      <arg type="s" direction="out"/>
    </method>
    <method name="Emit">
      <arg type="u" direction="in"/>
    </method>
    <property name="Text" type="s" access="read"/>
    <signal name="Happened">
      <arg type="s"/>
    </signal>
  </interface>
</node>)";

constexpr auto text = "some text";

void emit(GDBusConnection* bus, guint number) {
    for (; number > 0; --number) {
        GError* failure = nullptr;
        g_dbus_connection_emit_signal(bus, nullptr, service_path, service_interface, "Happened",
                                      g_variant_new("(s)", text), &failure);
        expect_success(failure);
    }
}

void on_call(GDBusConnection* bus, const char*, const char*, const char*, const char* method,
             GVariant* arguments, GDBusMethodInvocation* invocation, gpointer) {
    if (method == std::string_view("Echo")) {
        g_dbus_method_invocation_return_value(invocation, arguments);
        return;
    }
    guint number = 0;
    g_variant_get(arguments, "(u)", &number);
    g_dbus_method_invocation_return_value(invocation, nullptr);
    emit(bus, number);
}

GVariant* on_get(GDBusConnection*, const char*, const char*, const char*, const char*, GError**,
                 gpointer) {
    return g_variant_new_string(text);
}

gboolean on_input(int, GIOCondition, gpointer loop) {
    g_main_loop_quit(static_cast<GMainLoop*>(loop));
    return G_SOURCE_REMOVE;
}

void serve() {
    using node_info =
        std::unique_ptr<GDBusNodeInfo,
                        decltype([](GDBusNodeInfo* owned) { g_dbus_node_info_unref(owned); })>;
    using main_loop =
        std::unique_ptr<GMainLoop, decltype([](GMainLoop* owned) { g_main_loop_unref(owned); })>;
    constexpr GDBusInterfaceVTable functions{on_call, on_get, nullptr, {}};

    GError* failure = nullptr;
    const auto bus =
        ref<GDBusConnection>::adopt(g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, &failure));
    expect_success(failure);
    const node_info described(g_dbus_node_info_new_for_xml(description, &failure));
    expect_success(failure);
    g_dbus_connection_register_object(
        bus, service_path, g_dbus_node_info_lookup_interface(described.get(), service_interface),
        &functions, nullptr, nullptr, &failure);
    expect_success(failure);

    const main_loop loop(g_main_loop_new(nullptr, FALSE));
    g_unix_fd_add(STDIN_FILENO, GIOCondition(G_IO_IN | G_IO_HUP), on_input, loop.get());
    std::puts(g_dbus_connection_get_unique_name(bus));
    std::fflush(stdout);
    g_main_loop_run(loop.get());
}

} // namespace
} // namespace gawait::benchmarks

int main() { gawait::benchmarks::serve(); }
