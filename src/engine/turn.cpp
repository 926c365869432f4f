#include "engine/turn.hpp"

#include <algorithm>
#include <string>

namespace gawait {

void turn::mark() const noexcept {
    const auto callbacks = state_.counts.callbacks - callbacks_before_;
    profile::mark(watch.begin(), "turn", (std::to_string(callbacks) + " callbacks").c_str());
}

void engine_state::run_turn(bool polled_ready) noexcept {
    turn self(*this);
    const auto began = self.watch.now();
    ++counts.turns;
    better_lane_ready = false;
    const bool idle = std::exchange(idle_iterations, 0) >= idle_iterations_to_park;
    // For a round that begins now, GLib has looked. One that an earlier turn has left goes on.
    auto look = polled_ready ? descriptors::ready : descriptors::looked_at;
    if (left_in_round > 0 && !polled_ready)
        look = descriptors::not_looked_at;
    while (!closed.load(std::memory_order_relaxed) && !better_lane_ready) {
        if (left_in_round == 0) {
            take_inbox();
            // Before a turn ends: where descriptors are busy, a look at them costs less than an
            // iteration of the context, which otherwise does it.
            if (jobs.empty() && look == descriptors::not_looked_at && !polled.busy())
                look = descriptors::looked_at;
            queue_ready(self, std::exchange(look, descriptors::not_looked_at));
            if (jobs.empty())
                break;
            begin_round();
            if (better_lane_ready)
                break;
        }
        --left_in_round;
        run(jobs.pop());
        self.watch.tick();
        if (self.spent())
            break;
    }
    // Turns that are short but follow each other without a pause hold up worse
    // priorities as well, so they share one budget.
    const auto took = clock::now() - began;
    counts.longest_turn = std::max(counts.longest_turn, took);
    spent_since += took;
    if (spent_since >= turn_budget && !yielded)
        give_way();
    else if (idle)
        park();
}

/// Behind what is queued, as asyncio does: first ready descriptors, then due timers.
void engine_state::queue_ready(turn& current, descriptors look) noexcept {
    if (look == descriptors::ready || (look == descriptors::not_looked_at && polled.news())) {
        ++counts.polls;
        polled.poll([this](job& work) { queue(work); });
    }
    if (timers.empty())
        return;
    const auto now = time.at(current.watch.read());
    while (timer* due = timers.pop_due(now))
        queue(*due);
}

void engine_state::begin_round() noexcept {
    left_in_round = jobs.size();
    ++rounds_begun;
}

} // namespace gawait
