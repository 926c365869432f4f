#pragma once

#include "gawait/engine/timer.hpp"

#include <algorithm>
#include <optional>

namespace gawait {

/// The time that an engine's timers are due by: that of `clock`, unless it is virtual.
///
/// Virtual time stands still while the program works, so that it does not depend on how fast that
/// is. It jumps, and goes on where the thread waits for something that is in flight: who awaits
/// that with a time-out would otherwise wait for ever.
class engine_clock {
public:
    clock::time_point now() const noexcept { return stands_ ? *stands_ : clock::now() + ahead_; }

    /// The time at which `clock` shows, or has just shown, `real`.
    clock::time_point at(clock::time_point real) const noexcept {
        return stands_ ? *stands_ : real + ahead_;
    }

    /// What `clock` shows when it is `time`: `time_point::max()` if that does not come by itself.
    clock::time_point when(clock::time_point time) const noexcept {
        constexpr auto never = clock::time_point::max();
        const bool is_too_late = ahead_ < ahead_.zero() && time > never + ahead_;
        return stands_ || is_too_late ? never : time - ahead_;
    }

    bool is_virtual() const noexcept { return virtual_; }

    void be_virtual() noexcept {
        virtual_ = true;
        stands_ = now();
    }

    /// It goes on from where it is: it never goes back.
    void be_real() noexcept {
        begin_wait();
        virtual_ = false;
    }

    /// The thread waits, perhaps.
    void begin_wait() noexcept {
        if (stands_)
            ahead_ = *stands_ - clock::now();
        stands_.reset();
    }

    void end_wait() noexcept {
        if (virtual_) [[unlikely]]
            stands_ = now();
    }

    void jump_to(clock::time_point time) noexcept { stands_ = std::max(now(), time); }

private:
    clock::duration ahead_{}; // of `clock`, while it goes
    std::optional<clock::time_point> stands_;
    bool virtual_ = false;
};

} // namespace gawait
