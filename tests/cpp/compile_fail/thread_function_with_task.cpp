// error: gawait::to_thread: what this function gives would have to be awaited, and nobody does
#include "gawait/task.hpp"
#include "gawait/to_thread.hpp"

gawait::task<> count();

gawait::task<> counts_in_a_thread() { co_await gawait::to_thread(count); }
