#include "gawait/child_exit.hpp"

namespace gawait {

ref<GSource> child_exit_awaiter::make_source(GPid pid) noexcept {
    return ref<GSource>::adopt(g_child_watch_source_new(pid));
}

void child_exit_awaiter::set_callback(GSource* source) noexcept {
    const GChildWatchFunc exited = [](GPid, int status, gpointer data) {
        auto& self = *static_cast<child_exit_awaiter*>(data);
        self.status_ = status;
        self.dispatched();
    };
    g_source_set_callback(source, G_SOURCE_FUNC(exited), this, nullptr);
}

} // namespace gawait
