#include "engine/engine_state.hpp"
#include "engine/side_source.hpp"
#include "gawait/engine/now.hpp"

namespace gawait {
namespace {

// At the worst priority GLib asks only where it would block: nothing else is ready, and when this
// is dispatched no descriptor is either.
GSourceFuncs jumping_functions = {
    .prepare = [](GSource* source, int*) -> gboolean {
        return visit(side_source::of(source).state)->prepare_jump();
    },
    .check = nullptr,
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        visit(side_source::of(source).state)->jump();
        return G_SOURCE_CONTINUE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

} // namespace

namespace detail {

std::atomic<bool> virtual_time_in_use{false};

clock::time_point now_here() noexcept {
    GMainContext* context = g_main_context_get_thread_default();
    // Who iterates a context need not make it the thread-default one.
    if (GSource* source = g_main_current_source(); source && !context)
        context = g_source_get_context(source);
    const engine_ref found = engine::find(context);
    return found ? found->now() : clock::now();
}

} // namespace detail

bool engine_state::may_jump() noexcept {
    return flights() == 0 && posted.empty() && timers.next_deadline() != clock::time_point::max();
}

bool engine_state::prepare_jump() noexcept {
    if (may_jump())
        return true;
    time.begin_wait();
    polled.arm(time.when(timers.next_deadline()));
    return false;
}

void engine_state::jump() noexcept {
    if (may_jump())
        time.jump_to(timers.next_deadline());
}

void engine_state::be_virtual() noexcept {
    detail::virtual_time_in_use.store(true, std::memory_order_relaxed);
    time.be_virtual();
    be_needed();
    const std::lock_guard guard(sources_lock);
    jumping = side_source::attach(*this, jumping_functions, G_MAXINT, "[gawait] virtual time");
}

void engine_state::be_real() noexcept {
    {
        const std::lock_guard guard(sources_lock);
        jumping.reset();
    }
    time.be_real();
}

} // namespace gawait
