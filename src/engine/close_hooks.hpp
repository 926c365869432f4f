#pragma once

#include "gawait/engine/engine.hpp"

#include <mutex>

namespace gawait {

/// What to call when the context goes away, the latest first. For any thread.
class close_hooks {
public:
    void add(engine::close_hook& hook) noexcept;
    void remove(engine::close_hook& hook) noexcept;

    /// Calls and removes all, also those that are added meanwhile.
    void call_all() noexcept;

    /// Calls those that have this function, but leaves them.
    ///
    /// @return whether there were any.
    bool call(engine::close_hook::function which) noexcept;

private:
    std::recursive_mutex lock_; // held while a hook runs, which may add and remove some
    engine::close_hook* first_ = nullptr;
    engine::close_hook* upcoming_ = nullptr; // in call()
};

} // namespace gawait
