// error: this signal wants an answer, which a coroutine gives too late
#include "gawait/signal.hpp"

void asks_a_coroutine(gawait::scope& children, const gawait::object_signal<bool()>& asks) {
    asks.connect(children, []() -> gawait::task<bool> { co_return true; });
}
