#pragma once

#include "engine/engine_state.hpp"
#include "engine/stopwatch.hpp"
#include "gawait/engine/profile.hpp"
#include "gawait/ref.hpp"

#include <cstdint>
#include <thread>
#include <utility>

namespace gawait {

/// Marks, for the C++ scope in which jobs run, the thread that runs them.
class turn {
public:
    explicit turn(engine_state& state, bool lanes = false) noexcept
        : of_lane(lanes), source_(ref<GSource>::retain(state.main)), state_(state),
          thread_default_(state), outer_thread_(state.dispatching.exchange(
                                      std::this_thread::get_id(), std::memory_order_relaxed)),
          outer_(std::exchange(state.current, this)) {
        state.polled.begin_turn();
    }

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    ~turn() {
        if (at_end)
            at_end();
        if (profile::recording) [[unlikely]]
            mark();
        state_.current = outer_;
        state_.dispatching.store(outer_thread_, std::memory_order_relaxed);
    }

    bool spent() const noexcept { return watch.elapsed() >= engine::turn_budget; }

    const bool of_lane; // runs the jobs of one, which are of no round
    stopwatch watch;
    void (*at_end)() noexcept = nullptr;

private:
    void mark() const noexcept;

    // First, so that it goes last: with it may go the engine.
    ref<GSource> source_;
    engine_state& state_;
    thread_default_scope thread_default_;
    // Of the turn in one of whose jobs this one is nested.
    std::thread::id outer_thread_;
    turn* outer_;
    const std::uint64_t callbacks_before_ = state_.counts.callbacks;
};

} // namespace gawait
