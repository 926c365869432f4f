// error: gawait::async: the first argument must be a start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> of_a_variadic_function() {
    co_await gawait::async(g_async_initable_new_async, g_async_initable_new_finish,
                           G_TYPE_DBUS_PROXY);
}
