#include "engine/engine_state.hpp"
#include "engine/turn.hpp"

namespace gawait {

/// The context is gone: what waits here for something is told, and runs to its end
/// as far as it can without a main loop.
void engine_state::close() noexcept {
    leave_registry();
    {
        const std::lock_guard guard(sources_lock);
        context.store(nullptr, std::memory_order_relaxed);
    }
    if (users.load(std::memory_order_relaxed) == 0)
        return; // released, and so nothing is waiting
    const turn self(*this);
    const auto finish = [this] {
        do
            hooks.call_all();
        while (run_all_queued());
    };
    finish();
    // Other threads are refused from now on; what they had got in until then still runs.
    posted.close([this](job& work) { queue(work); });
    finish();
    closed.store(true, std::memory_order_relaxed);
    timers.clear();
    polled.clear();
    visited.exchange(true, std::memory_order_acq_rel);
}

bool engine_state::run_all_queued() noexcept {
    bool any = false;
    const auto run_all = [&](job_queue& from) {
        for (; !from.empty(); any = true)
            run(from.pop());
    };
    take_inbox();
    run_all(jobs);
    for (auto& [priority, each] : lanes) // a job may add one
        run_all(each.jobs);
    left_in_round = 0;
    return any;
}

} // namespace gawait
