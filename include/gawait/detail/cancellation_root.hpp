#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/cancellation.hpp"
#include "gawait/engine/engine.hpp"

namespace gawait::detail {

/// The root of a tree of cancellation, which is requested also when the main context
/// that its tasks run on is destroyed under them.
class GAWAIT_API cancellation_root : public cancellation, protected engine::close_hook {
public:
    explicit cancellation_root(engine& home) noexcept : cancellation_root(home, context_gone) {}
    ~cancellation_root();

    /// Heeds the context no longer. From one thread.
    void leave() noexcept;

protected:
    cancellation_root(engine& home, function told) noexcept;

private:
    static void context_gone(engine::close_hook& self) noexcept;

    engine* home_; // null once it left
};

/// The root of a task that runs by itself on a context.
class GAWAIT_API task_root : public cancellation_root {
public:
    explicit task_root(engine& home) noexcept : cancellation_root(home, told) {}

    /// Requests the cancellation of all that have not left.
    ///
    /// @return whether there are any.
    static bool request_all(engine& home) noexcept { return home.call(told); }

private:
    static void told(engine::close_hook& self) noexcept;
};

} // namespace gawait::detail
