#pragma once

#include "gawait/engine/timer.hpp"

#include <cstddef>
#include <cstdint>

namespace gawait {

/// What `engine::read_counters()` tells of a context: what was done since its engine was made, and
/// what is in flight. To know what a stretch of time took, read twice and subtract.
struct counters {
    /// The jobs, due timers and ready descriptors that the engine has run. Not what GLib calls by
    /// itself, such as the callbacks of operations.
    std::uint64_t callbacks = 0;

    /// How often the main loop has let the engine run some.
    std::uint64_t turns = 0;

    /// How often the engine has asked the kernel which descriptors are ready. The main loop's own
    /// `poll()` is not the engine's to count.
    std::uint64_t polls = 0;

    /// The asynchronous operations that are awaited and have not called back yet, in C++ and in
    /// Python.
    std::size_t operations = 0;

    /// How long the longest turn took, since the engine was made or `reset_longest_turn()`. What is
    /// above `engine::turn_budget` is one callback that went on and on.
    clock::duration longest_turn{};
};

} // namespace gawait
