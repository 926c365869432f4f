// error: gawait::async: async<void>(...) is for a finish function that returns void or a gboolean
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> without_the_stream(GFile* file) {
    co_await gawait::async<void>(g_file_read_async, g_file_read_finish, file);
}
