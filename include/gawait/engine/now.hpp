#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/timer.hpp"

#include <atomic>

namespace gawait {
namespace detail {

GAWAIT_API extern std::atomic<bool> virtual_time_in_use; // now, or before

GAWAIT_API clock::time_point now_here() noexcept;

} // namespace detail

/// The time that sleeps and time-outs count from: `clock::now()`, unless the calling thread's
/// thread-default context has virtual time (`virtual_time`), which this is then.
inline clock::time_point now() noexcept {
    return detail::virtual_time_in_use.load(std::memory_order_relaxed) ? detail::now_here()
                                                                       : clock::now();
}

} // namespace gawait
