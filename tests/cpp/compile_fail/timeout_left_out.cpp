// error: gawait::async: too few arguments for the start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> with_a_priority_for_a_timeout(GDBusConnection* bus) {
    co_await gawait::async(g_dbus_connection_call, g_dbus_connection_call_finish, bus, "a.b", "/",
                           "a.b", "C", nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE);
}
