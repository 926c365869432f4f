// error: gawait: a task is awaited once: hand it over with std::move()
#include "gawait/spawn.hpp"

void leaves_the_task_where_it_is(gawait::task<int> work) { (void)gawait::spawn(work); }
