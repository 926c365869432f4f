// error: no GValue becomes this type. Of an object or a boxed type it is a ref
#include "gawait/signal.hpp"

void takes_a_pointer(const gawait::ref<GFileMonitor>& monitor) {
    gawait::object_signal<void(GFile*, GFile*, GFileMonitorEvent)> changed(monitor, "changed");
}
