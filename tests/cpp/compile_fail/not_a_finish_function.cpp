// error: gawait::async: the second argument must be a finish function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> with_a_second_start_function(GFile* file) {
    co_await gawait::async(g_file_read_async, g_file_read_async, file);
}
