#pragma once

#include "gawait/engine/timer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gawait {

/// Reads the clock only so often that the reading costs little beside the jobs.
class stopwatch {
public:
    /// When it last read the clock.
    clock::time_point now() const noexcept { return now_; }
    clock::time_point begin() const noexcept { return begin_; }
    clock::duration elapsed() const noexcept { return now_ - begin_; }

    /// Until now. Reads the clock if there was a job since it did.
    clock::duration total() noexcept {
        if (until_reading_ != stride_)
            read();
        return elapsed();
    }

    /// To be called once a job.
    ///
    /// @return whether it read the clock.
    bool tick() noexcept {
        if (--until_reading_ > 0) [[likely]]
            return false;
        read();
        return true;
    }

    clock::time_point read() noexcept {
        const auto previous = std::exchange(now_, clock::now());
        stride_ = now_ - previous < negligible ? std::min(stride_ * 2, longest_stride) : 1;
        until_reading_ = stride_;
        return now_;
    }

private:
    static constexpr std::chrono::microseconds negligible{10};
    static constexpr int longest_stride = 32;

    clock::time_point begin_ = clock::now();
    clock::time_point now_ = begin_;
    int stride_ = 1;
    int until_reading_ = 1;
};

} // namespace gawait
