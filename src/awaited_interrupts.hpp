#pragma once

#include <atomic>

namespace gawait::detail {

/// How many wait for `SIGINT` themselves, so that it does not cancel the task of `run()`.
inline std::atomic<int> awaited_interrupts{0};

} // namespace gawait::detail
