#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/cancellation.hpp"
#include "gawait/engine/engine.hpp"

namespace gawait::detail {

/// The root of a tree of cancellation, which is requested also when the main context
/// that its tasks run on is destroyed under them.
class GAWAIT_API cancellation_root : public cancellation, engine::close_hook {
public:
    explicit cancellation_root(engine& home) noexcept;
    ~cancellation_root();

private:
    static void context_gone(engine::close_hook& self) noexcept;

    engine& home_;
};

} // namespace gawait::detail
