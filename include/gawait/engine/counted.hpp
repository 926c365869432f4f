#pragma once

#include "gawait/engine/engine.hpp"

#include <utility>

namespace gawait {

/// Something that an engine counts for as long as this lives.
///
/// To be made, assigned and destroyed where the engine may be used.
template <void (engine::*Begin)() noexcept, void (engine::*End)() noexcept> class counted {
public:
    counted() noexcept = default;
    explicit counted(engine& home) noexcept : home_(home) { (home.*Begin)(); }
    counted(counted&&) noexcept = default;

    counted& operator=(counted other) noexcept {
        std::swap(home_, other.home_);
        return *this;
    }

    ~counted() {
        if (home_)
            ((*home_).*End)();
    }

private:
    engine_ref home_;
};

} // namespace gawait
