#include "engine/engine_state.hpp"

#include <algorithm>

namespace gawait {

engine_state::engine_state(GMainContext* for_context, GSource* main_source)
    : context(for_context),
      thread_default(for_context == g_main_context_default() ? nullptr : for_context),
      main(main_source) {}

engine_state::~engine_state() {
    // In a child after fork() there are none of the threads that were posting.
    while (posting.load(std::memory_order_acquire) > 0 && getpid() == process)
        std::this_thread::yield();
    visited.load(std::memory_order_acquire);
    released.load(std::memory_order_acquire);
}

void engine_state::drain_inbox() noexcept {
    posted.drain([this](job& work) { queue(work); });
}

bool engine_state::withdraw(job& work) noexcept {
    take_inbox();
    if (const auto before = jobs.remove(work)) {
        left_in_round -= *before < left_in_round;
        return true;
    }
    return std::ranges::any_of(
        lanes, [&](auto& each) { return each.second.jobs.remove(work).has_value(); });
}

} // namespace gawait
