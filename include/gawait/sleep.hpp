#pragma once

#include "gawait/detail/failure.hpp"
#include "gawait/detail/suspension.hpp"
#include "gawait/engine/now.hpp"

#include <chrono>
#include <concepts>

namespace gawait {

/// The awaiter of `sleep_until()` and `sleep_for()`.
class GAWAIT_API [[nodiscard]] sleep_awaiter final : timer, detail::suspension {
public:
    explicit sleep_awaiter(clock::time_point deadline) noexcept
        : timer(expired), suspension(a_timer), deadline_(deadline) {}

    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        return begin(awaiting) && (start() || !abandon());
    }

    void await_resume() const {
        throw_if_cancelled();
        if (failure_) [[unlikely]]
            failure_.rethrow();
    }

private:
    static const kind a_timer;

    bool start() noexcept;
    bool withdraw() noexcept override;
    static void expired(job& self) noexcept;

    clock::time_point deadline_;
    detail::failure failure_;
};

/// Suspends until a point in time, to the resolution of the kernel's timers.
///
/// A time in the past lets the loop go round once. `time_point::max()` never comes:
/// the sleep ends by cancellation only.
///
/// @throws cancelled
/// @throws error on a thread that does not iterate the task's context.
inline sleep_awaiter sleep_until(clock::time_point deadline) noexcept {
    return sleep_awaiter(deadline);
}

/// Suspends for a time, counted from this call. A time longer than the clock can
/// express (about 290 years) is taken as for ever, a negative one as zero.
///
/// @throws cancelled
template <class Rep, class Period>
sleep_awaiter sleep_for(std::chrono::duration<Rep, Period> length) noexcept;

/// The time that lies `length` from now, as `sleep_for()` takes it.
template <class Rep, class Period>
clock::time_point deadline_after(std::chrono::duration<Rep, Period> length) noexcept {
    // In floating point, where no duration overflows; written so that a NaN is too long.
    using seconds = std::chrono::duration<long double>;
    const auto from = now();
    if (!(seconds(length) < seconds(clock::time_point::max() - from)))
        return clock::time_point::max();
    if (length < length.zero())
        return from;
    return from + std::chrono::ceil<clock::duration>(length);
}

template <class Rep, class Period>
sleep_awaiter sleep_for(std::chrono::duration<Rep, Period> length) noexcept {
    return sleep_until(deadline_after(length));
}

} // namespace gawait
