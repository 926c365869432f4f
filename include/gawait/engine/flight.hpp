#pragma once

#include "gawait/engine/counted.hpp"

namespace gawait {

/// Tells an engine, while this lives, that something is in flight: it was begun, and ends without
/// anything more being done in the engine's thread. Virtual time does not jump meanwhile.
using flight = counted<&engine::begin_flight, &engine::end_flight>;

} // namespace gawait
