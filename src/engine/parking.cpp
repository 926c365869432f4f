#include "engine/engine_state.hpp"
#include "engine/side_source.hpp"

namespace gawait {

// A source costs every iteration of its context about as much as two awaits, so an engine
// that has nothing to do for a while, because its coroutines wait for GIO, makes way: GLib
// does not look at a source as long as one of a better priority is ready.
void engine_state::park() noexcept {
    if (!jobs.empty() || !timers.empty() || polled.watching() || time.is_virtual())
        return;
    set_main_priority(G_MAXINT);
    parked.store(true, std::memory_order_relaxed);
    // Either this sees what another thread posts, or that sees that it has to unpark.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!posted.empty())
        be_needed();
}

// By a source that does it when it is dispatched: GLib does not bear that the priority of
// a source changes while it asks it something, which another thread cannot know.
void engine_state::begin_unparking() noexcept {
    const std::lock_guard guard(sources_lock);
    if (attachable_context() && parked.exchange(false, std::memory_order_relaxed))
        unparking = side_source::attach(*this, dispatched_once<&engine_state::unpark>,
                                        G_PRIORITY_DEFAULT, "[gawait] unparking");
}

void engine_state::unpark() noexcept {
    {
        const std::lock_guard guard(sources_lock);
        unparking.reset();
    }
    set_main_priority(G_PRIORITY_DEFAULT);
    run_turn(true);
}

void engine_state::set_main_priority(int priority) noexcept {
    const std::lock_guard guard(sources_lock);
    // GLib would poll the descriptor of a destroyed source again.
    if (attachable_context())
        g_source_set_priority(main, priority);
}

} // namespace gawait
