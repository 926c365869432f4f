#pragma once

#include "engine/engine_state.hpp"
#include "engine/stopwatch.hpp"
#include "gawait/ref.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace gawait {

/// Marks, for the C++ scope in which jobs run, the thread that runs them.
class turn {
public:
    /// How long descriptors may be ready unnoticed while jobs keep a turn going.
    static constexpr std::chrono::microseconds poll_interval{100};

    explicit turn(engine_state& state) noexcept
        : source_(ref<GSource>::retain(state.main)), state_(state), thread_default_(state),
          outer_thread_(
              state.dispatching.exchange(std::this_thread::get_id(), std::memory_order_relaxed)),
          outer_(std::exchange(state.current, this)) {}

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    ~turn() {
        if (at_end)
            at_end();
        state_.current = outer_;
        state_.dispatching.store(outer_thread_, std::memory_order_relaxed);
    }

    bool spent() const noexcept { return watch.elapsed() >= engine::turn_budget; }

    stopwatch watch;
    clock::time_point next_poll = watch.now() + poll_interval;
    void (*at_end)() noexcept = nullptr;

private:
    // First, so that it goes last: with it may go the engine.
    ref<GSource> source_;
    engine_state& state_;
    thread_default_scope thread_default_;
    // Of the turn in one of whose jobs this one is nested.
    std::thread::id outer_thread_;
    turn* outer_;
};

} // namespace gawait
