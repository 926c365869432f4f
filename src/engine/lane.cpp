#include "engine/lane.hpp"

#include "engine/engine_state.hpp"
#include "engine/side_source.hpp"
#include "engine/turn.hpp"

#include <algorithm>

namespace gawait {
namespace {

GSourceFuncs lane_functions = {
    .prepare = [](GSource* source, int*) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        // GLib may not get as far as the main source.
        here->take_inbox();
        return !self.which->jobs.empty();
    },
    .check = [](GSource* source) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        return !self.which->jobs.empty();
    },
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        here->dispatch_lane(*self.which);
        return G_SOURCE_CONTINUE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

} // namespace

void engine_state::queue_in_lane(job& work) noexcept {
    lane_of(work.priority()).jobs.push(work);
    better_lane_ready |= work.priority() < G_PRIORITY_DEFAULT;
}

lane& engine_state::lane_of(int priority) noexcept {
    if (const auto found = lanes.find(priority); found != lanes.end())
        return found->second;
    const std::lock_guard guard(sources_lock);
    lane& added = lanes.try_emplace(priority, priority).first->second;
    added.source = side_source::attach(*this, lane_functions, priority, "[gawait] lane", &added);
    return added;
}

void engine_state::dispatch_lane(lane& which) noexcept {
    turn self(*this, true);
    ++counts.turns;
    ++which.dispatches;
    // A nested iteration may run part of this round.
    for (auto left = which.jobs.size(); left > 0 && !which.jobs.empty(); --left) {
        run(which.jobs.pop());
        self.watch.tick();
        if (self.spent())
            break;
    }
    --which.dispatches;
    counts.longest_turn = std::max(counts.longest_turn, self.watch.total());
    drop_if_empty(which);
}

/// Only at the end of a dispatch: GLib may be asking the lane's source something elsewhere.
void engine_state::drop_if_empty(lane& which) noexcept {
    if (lanes.size() <= kept_lanes || !which.jobs.empty() || which.dispatches > 0)
        return;
    const std::lock_guard guard(sources_lock);
    lanes.erase(which.priority);
}

} // namespace gawait
