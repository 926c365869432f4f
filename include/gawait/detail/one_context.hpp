#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/engine.hpp"

namespace gawait::detail {

/// Remembers the main context whose tasks use an object: that of the first which does.
class GAWAIT_API one_context {
public:
    /// To be called by every await, whether it waits or not.
    ///
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context.
    void require(const engine& home) {
        if (home_ != &home) [[unlikely]]
            check(home);
    }

private:
    void check(const engine& home);

    // The latest, for a context may have one after the other. Not kept alive: another one may
    // come to be in its place and be let through, but of two that live one is refused.
    const engine* home_ = nullptr;
    GMainContext* context_ = nullptr;
};

} // namespace gawait::detail
