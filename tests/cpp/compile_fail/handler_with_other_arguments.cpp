// error: the handler does not take the arguments of this signal
#include "gawait/signal.hpp"

void takes_a_string(gawait::scope& children, const gawait::object_signal<void(int)>& moved) {
    moved.connect(children, [](const char*) {});
}
