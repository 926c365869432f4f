// error: gawait::async: too few arguments for the start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> without_its_flags(GFile* file) {
    co_await gawait::async(g_file_query_info_async, g_file_query_info_finish, file, "standard::*");
}
