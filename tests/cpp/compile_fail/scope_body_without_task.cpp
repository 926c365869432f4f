// error: gawait::with_scope: the body must be a coroutine that returns a task
#include "gawait/scope.hpp"

gawait::task<> work();

gawait::task<> with_a_body_that_is_no_coroutine() {
    co_await gawait::with_scope([](gawait::scope& children) { children.spawn(work()); });
}
