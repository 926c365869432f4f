#pragma once

#include "gawait/engine/flight.hpp"
#include "gawait/ref.hpp"

namespace gawait::detail {

/// Keeps alive what a coroutine needs that has moved to another context: the contexts
/// that it left and went to, and the engine that it went to.
struct migration {
    ref<GMainContext> origin;
    flight in_flight; // of the origin's engine, while it is away
    engine_ref engine_away;
    ref<GMainContext> context_away;
};

} // namespace gawait::detail
