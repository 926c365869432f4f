// error: gawait::with_scope: the body must be a coroutine that returns a task
#include "gawait/scope.hpp"
#include "gawait/yield.hpp"

gawait::task<> with_a_body_whose_type_is_deduced() {
    co_await gawait::with_scope([](gawait::scope& /*children*/) { co_await gawait::yield(); });
}
