// error: gawait::async: too few arguments for the start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

char* load_finish(GLoadableIcon* icon, GAsyncResult* result, GError** failure);

gawait::task<> with_a_priority_for_a_size(GLoadableIcon* icon) {
    co_await gawait::async(g_loadable_icon_load_async, load_finish, icon);
}
