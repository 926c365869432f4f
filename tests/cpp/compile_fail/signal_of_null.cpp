// error: nullptr
#include "gawait/signal.hpp"

void has_no_object() { gawait::object_signal<void()> changed(nullptr, "changed"); }
