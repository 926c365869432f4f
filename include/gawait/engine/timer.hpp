#pragma once

#include "gawait/engine/job.hpp"

#include <chrono>
#include <cstddef>
#include <limits>

namespace gawait {

/// `CLOCK_MONOTONIC` in nanoseconds, as `g_get_monotonic_time()` counts it in
/// microseconds.
using clock = std::chrono::steady_clock;

/// A job that the engine queues once a deadline has passed.
///
/// A running timer must stay alive until it was cancelled or its job ran.
class timer : public job {
public:
    using job::job;

    /// Whether the timer runs: it was started, and neither cancelled nor queued.
    bool pending() const noexcept { return position_ != none; }

private:
    friend class timer_heap;

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    std::size_t position_ = none;
};

} // namespace gawait
