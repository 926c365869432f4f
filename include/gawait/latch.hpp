#pragma once

#include "gawait/event.hpp"

#include <algorithm>
#include <cstddef>

namespace gawait {

/// Lets tasks of one context wait until something has come about so many times. Whoever still waits
/// when it is destroyed gets an error, `G_IO_ERROR_CLOSED`.
class latch {
public:
    explicit latch(std::size_t count) noexcept { count_down_from(count, 0); }

    /// Counts down; at 0 all go on that wait, and nobody waits any more.
    void count_down(std::size_t by = 1) noexcept { count_down_from(count_, by); }

    bool is_zero() const noexcept { return count_ == 0; }

    /// Waits for 0.
    ///
    /// @throws cancelled
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    event::wait_awaiter wait() noexcept { return zero_.wait(); }

private:
    void count_down_from(std::size_t count, std::size_t by) noexcept {
        count_ = count - std::min(count, by);
        if (count_ == 0)
            zero_.set();
    }

    std::size_t count_ = 0;
    event zero_;
};

} // namespace gawait
