#pragma once

#include "gawait/error.hpp"
#include "gawait/sleep.hpp"

#include <chrono>

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
    /// @param length more than 0, rounded up to the clock's nanoseconds; the first point is so long
    ///     from now. One that is longer than the clock can express never comes, as of
    ///     `sleep_for()`.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` if it is 0, negative or no number.
    template <class Rep, class Period>
    explicit interval(std::chrono::duration<Rep, Period> length) {
        if (!(length > length.zero()))
            throw error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::interval: it is not longer than 0");
        next_ = deadline_after(length);
        length_ = next_ == clock::time_point::max() ? clock::duration::max()
                                                    : std::chrono::ceil<clock::duration>(length);
    }

    /// Suspends until the next point. One that has passed is at once; of several that have passed
    /// the others are left out.
    ///
    /// @throws as `sleep_until()`.
    sleep_awaiter next() noexcept {
        const auto due = next_;
        const auto now = gawait::now();
        next_ = length_ < clock::time_point::max() - due ? due + length_ : clock::time_point::max();
        if (next_ <= now)
            next_ = now + length_ - (now - next_) % length_;
        return sleep_until(due);
    }

private:
    clock::duration length_;
    clock::time_point next_;
};

} // namespace gawait
