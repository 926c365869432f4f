#include "engine/turn.hpp"

namespace gawait {

void engine_state::run_turn(bool poll_first) noexcept {
    turn self(*this);
    const auto began = self.watch.now();
    better_lane_ready = false;
    const bool idle = std::exchange(idle_iterations, 0) >= idle_iterations_to_park;
    while (!closed.load(std::memory_order_relaxed) && !better_lane_ready) {
        if (left_in_round == 0) {
            if (!begin_round(self.watch.now(), poll_first) || better_lane_ready)
                break;
            poll_first = false;
        }
        --left_in_round;
        jobs.pop().run();
        self.watch.tick();
        if (self.spent())
            break;
        if (self.watch.now() >= self.next_poll) {
            poll_first = true;
            self.next_poll = self.watch.now() + turn::poll_interval;
        }
    }
    // Turns that are short but follow each other without a pause hold up worse
    // priorities as well, so they share one budget.
    spent_since += clock::now() - began;
    if (spent_since >= turn_budget && !yielded)
        give_way();
    else if (idle)
        park();
}

bool engine_state::begin_round(clock::time_point now, bool poll_first) noexcept {
    const auto enqueue = [this](job& work) { queue(work); };
    take_inbox();
    if (poll_first)
        polled.poll(enqueue);
    while (timer* due = timers.pop_due(now))
        queue(*due);
    // Before the turn ends: one look at the descriptors here costs less than an
    // iteration of the context. Timers and other threads announce themselves.
    if (jobs.empty() && !poll_first && polled.watching())
        polled.poll(enqueue);
    left_in_round = jobs.size();
    if (left_in_round == 0)
        return false;
    ++rounds_begun;
    return true;
}

} // namespace gawait
