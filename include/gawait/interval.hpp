#pragma once

#include "gawait/sleep.hpp"

namespace gawait {

/// Points in time that are equally far apart, for what is done again and again: what that takes
/// does not add up.
///
///     interval every(std::chrono::seconds(1));
///     for (;;) {
///         co_await every.next();
///         measure();
///     }
class interval {
public:
    /// @param length at least a nanosecond; the first point is so long from now.
    explicit interval(clock::duration length) noexcept
        : length_(length), next_(clock::now() + length) {}

    /// Suspends until the next point. One that has passed is at once; of several that have passed
    /// the others are left out.
    ///
    /// @throws as `sleep_until()`.
    sleep_awaiter next() noexcept {
        const auto due = next_;
        const auto now = clock::now();
        next_ += length_;
        if (next_ <= now)
            next_ += ((now - next_) / length_ + 1) * length_;
        return sleep_until(due);
    }

private:
    const clock::duration length_;
    clock::time_point next_;
};

} // namespace gawait
