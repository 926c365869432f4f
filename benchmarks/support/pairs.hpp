#pragma once

#include "support/chains.hpp"

#include <span>

namespace gawait::benchmarks {

/// All ways to call pairs of functions: who made the pair, and who calls it. Those whose name
/// begins with "GTask" are made by hand.
std::span<const chain> pairs();

} // namespace gawait::benchmarks
