#pragma once

#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"

namespace gawait::detail {

/// Keeps alive what a coroutine needs that has moved to another context: the contexts
/// that it left and went to, and the engine that it went to.
struct migration {
    ref<GMainContext> origin;
    engine_ref engine_away;
    ref<GMainContext> context_away;
};

} // namespace gawait::detail
