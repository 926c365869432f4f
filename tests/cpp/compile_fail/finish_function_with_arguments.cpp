// error: gawait::async: the second argument must be a finish function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

int finish_by_name(GFile* file, GAsyncResult* result, const char* name, GError** failure);

gawait::task<> with_more_than_out_arguments(GFile* file) {
    co_await gawait::async(g_file_read_async, finish_by_name, file);
}
