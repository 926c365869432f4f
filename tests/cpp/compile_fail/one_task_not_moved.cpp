// error: gawait: a task is awaited once: hand it over with std::move()
#include "gawait/when_all.hpp"

gawait::task<> leaves_a_task_where_it_is(gawait::task<int> first, gawait::task<int> second) {
    co_await gawait::when_all(std::move(first), second);
}
