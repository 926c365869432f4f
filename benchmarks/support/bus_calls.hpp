#pragma once

#include "support/chains.hpp"

#include <span>

namespace gawait::benchmarks {

/// All ways to call a method of the session's message bus, by hand first.
std::span<const chain> bus_calls();

} // namespace gawait::benchmarks
