#pragma once

#include "gawait/engine/engine.hpp"

#include <utility>

namespace gawait {

/// Tells an engine, while this lives, that something is in flight: it was begun, and ends without
/// anything more being done in the engine's thread. Virtual time does not jump meanwhile.
///
/// To be made, assigned and destroyed where the engine may be used.
class flight {
public:
    flight() noexcept = default;
    explicit flight(engine& home) noexcept : home_(home) { home.begin_flight(); }
    flight(flight&&) noexcept = default;

    flight& operator=(flight other) noexcept {
        std::swap(home_, other.home_);
        return *this;
    }

    ~flight() {
        if (home_)
            home_->end_flight();
    }

private:
    engine_ref home_;
};

} // namespace gawait
