#include "gawait/source_wait.hpp"

namespace gawait::detail {

void source_wait::attach() noexcept {
    set_callback(source_);
    g_source_attach(source_, home().context());
}

gboolean source_wait::dispatched() noexcept {
    g_source_destroy(source_);
    finish_now(); // *this may be gone after this
    return G_SOURCE_REMOVE;
}

bool source_wait::withdraw() noexcept {
    const bool waiting = !g_source_is_destroyed(source_);
    g_source_destroy(source_);
    return waiting;
}

} // namespace gawait::detail
