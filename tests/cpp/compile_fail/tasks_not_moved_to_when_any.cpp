// error: gawait::when_any: tasks are awaited once: hand them over with std::move()
#include "gawait/when_any.hpp"

gawait::task<> leaves_the_tasks_where_they_are(std::vector<gawait::task<int>> tasks) {
    co_await gawait::when_any(tasks);
}
