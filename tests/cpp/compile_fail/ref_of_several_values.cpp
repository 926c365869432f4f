// error: gawait::async: a ref takes over one pointer
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> without_the_stream() {
    co_await gawait::async<gawait::ref<GFile>>(g_file_new_tmp_async, g_file_new_tmp_finish,
                                               nullptr);
}
