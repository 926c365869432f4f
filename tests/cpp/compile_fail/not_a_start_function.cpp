// error: gawait::async: the first argument must be a start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> of_the_blocking_function(GFile* file) {
    co_await gawait::async(g_file_read, g_file_read_finish, file);
}
