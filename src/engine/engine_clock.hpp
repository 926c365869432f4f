#pragma once

#include "gawait/engine/timer.hpp"

#include <algorithm>
#include <atomic>

namespace gawait {

/// The time that an engine's timers are due by: that of `clock`, unless it is virtual.
///
/// Virtual time stands still while the program works, so that it does not depend on how fast that
/// is. It jumps, and goes on where the thread waits for something that is in flight: who awaits
/// that with a time-out would otherwise wait for ever.
///
/// Any thread may read it, its owner's alone changes it.
class engine_clock {
public:
    clock::time_point now() const noexcept { return at(clock::now()); }

    /// The time at which `clock` shows, or has just shown, `real`.
    clock::time_point at(clock::time_point real) const noexcept {
        const auto standing = stands_.load(std::memory_order_acquire);
        return standing == goes ? real + ahead_.load(std::memory_order_relaxed) : standing;
    }

    /// What `clock` shows when it is `time`: `time_point::max()` if that does not come by itself.
    clock::time_point when(clock::time_point time) const noexcept {
        constexpr auto never = clock::time_point::max();
        const auto ahead = ahead_.load(std::memory_order_relaxed);
        const bool is_too_late = ahead < clock::duration::zero() && time > never + ahead;
        return stands() || is_too_late ? never : time - ahead;
    }

    bool is_virtual() const noexcept { return virtual_; }

    void be_virtual() noexcept {
        virtual_ = true;
        stand_at(now());
    }

    /// It goes on from where it is: it never goes back.
    void be_real() noexcept {
        begin_wait();
        virtual_ = false;
    }

    /// The thread waits, perhaps.
    void begin_wait() noexcept {
        if (!stands())
            return;
        ahead_.store(stands_.load(std::memory_order_relaxed) - clock::now(),
                     std::memory_order_relaxed);
        stand_at(goes);
    }

    void end_wait() noexcept {
        if (virtual_) [[unlikely]]
            stand_at(now());
    }

    void jump_to(clock::time_point time) noexcept { stand_at(std::max(now(), time)); }

private:
    static constexpr auto goes = clock::time_point::min();

    bool stands() const noexcept { return stands_.load(std::memory_order_relaxed) != goes; }
    void stand_at(clock::time_point time) noexcept {
        stands_.store(time, std::memory_order_release);
    }

    std::atomic<clock::time_point> stands_{goes};
    std::atomic<clock::duration> ahead_; // of `clock`, while it goes
    bool virtual_ = false;
};

} // namespace gawait
