// The control: what the others do wrong, done right.
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::ref<GFile> make();

char* passes_a_temporary_to_a_function() {
    GFile* copy = g_file_dup(make());
    const auto owner = gawait::ref<GFile>::adopt(copy);
    return g_file_get_path(make().get());
}

gawait::task<> compiles(GFile* file, GFileEnumerator* children, GDBusConnection* bus) {
    co_await gawait::async(g_file_query_info_async, g_file_query_info_finish, file, "standard::*",
                           G_FILE_QUERY_INFO_NONE);
    co_await gawait::async(g_file_query_info_async, g_file_query_info_finish, file, "standard::*",
                           G_FILE_QUERY_INFO_NONE, G_PRIORITY_LOW);
    co_await gawait::async<gawait::list<GFileInfo>>(
        g_file_enumerator_next_files_async, g_file_enumerator_next_files_finish, children, 10);
    co_await gawait::async<void>(g_file_delete_async, g_file_delete_finish, file);
    co_await gawait::async(g_dbus_connection_call, g_dbus_connection_call_finish, bus, "a.b", "/",
                           "a.b", "C", nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE, -1);
}
