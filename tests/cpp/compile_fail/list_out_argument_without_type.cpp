// error: gawait::async: say what the list holds
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gboolean list_finish(GFile* file, GAsyncResult* result, GList** files, GError** failure);

gawait::task<> of_who_knows_what(GFile* file) {
    co_await gawait::async(g_file_read_async, list_finish, file);
}
