// error: gawait::async: the finish function does not give such a ref
#include "gawait/async.hpp"
#include "gawait/task.hpp"

GBytes* load_finish(GFile* file, GAsyncResult* result, GError** failure);

gawait::task<> bytes_as_a_file(GFile* file) {
    co_await gawait::async<gawait::ref<GFile>>(g_file_read_async, load_finish, file);
}
