// error: gawait::select: this is no channel<T>
#include "gawait/select.hpp"
#include "gawait/thread_channel.hpp"

gawait::task<> selects(gawait::channel<int>& tasks, gawait::thread_channel<int>& threads) {
    co_await gawait::select(tasks, threads);
}
