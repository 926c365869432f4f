// error: gawait::when_all: tasks are awaited once: hand them over with std::move()
#include "gawait/when_all.hpp"

gawait::task<> leaves_the_tasks_where_they_are(std::vector<gawait::task<int>> tasks) {
    co_await gawait::when_all(tasks);
}
