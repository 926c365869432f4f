// error: gawait::async: too many arguments for the start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> with_a_cancellable(GFile* file, GCancellable* cancellable) {
    co_await gawait::async(g_file_read_async, g_file_read_finish, file, G_PRIORITY_DEFAULT,
                           cancellable);
}
