#include "engine/engine_state.hpp"
#include "engine/side_source.hpp"

namespace gawait {

// The continuation source is there only while it is needed: each source costs every
// iteration of the context something.
void engine_state::give_way() noexcept {
    yielded = true;
    raise_at = clock::now() + longest_wait;
    const std::lock_guard guard(sources_lock);
    continuation = side_source::attach(*this, dispatched_once<&engine_state::dispatch_continuation>,
                                       continuation_priority, "[gawait] continuation");
}

void engine_state::take_turn_back() noexcept {
    yielded = false;
    spent_since = {};
    const std::lock_guard guard(sources_lock);
    continuation.reset();
}

void engine_state::dispatch_continuation() noexcept {
    take_turn_back();
    run_turn(true);
}

} // namespace gawait
