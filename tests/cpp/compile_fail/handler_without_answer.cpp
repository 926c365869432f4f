// error: the handler does not return the answer that this signal wants
#include "gawait/signal.hpp"

void says_nothing(gawait::scope& children, const gawait::object_signal<bool()>& asks) {
    asks.connect(children, [] {});
}
