// error: gawait::scope: nobody would get the value of this task
#include "gawait/scope.hpp"

gawait::task<int> count();

gawait::task<> drops_what_was_counted() {
    co_await gawait::with_scope([](gawait::scope& children) -> gawait::task<> {
        children.spawn(count());
        co_return;
    });
}
