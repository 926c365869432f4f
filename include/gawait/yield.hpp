#pragma once

#include "gawait/detail/environment.hpp"
#include "gawait/error.hpp"

#include <coroutine>

namespace gawait {

/// The awaiter of `yield()`.
class [[nodiscard]] yield_awaiter : job {
public:
    explicit yield_awaiter(int priority) noexcept : job(run, priority) {}

    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        env_ = &awaiting.promise().env();
        awaiting_ = awaiting;
        return !env_->cancel->requested() && env_->home->post(*this);
    }

    void await_resume() const {
        if (env_->cancel->requested())
            throw cancelled();
    }

private:
    static void run(job& self) noexcept { static_cast<yield_awaiter&>(self).awaiting_.resume(); }

    const detail::environment* env_ = nullptr;
    std::coroutine_handle<> awaiting_;
};

/// Lets everything run that is queued by now, and goes on in the next round.
///
/// @param priority a GLib priority: what of the context's sources is ready and of a better
///     one runs first. When the engine's turn is spent, what is ready up to
///     `G_PRIORITY_DEFAULT_IDLE` runs before what waits at `G_PRIORITY_DEFAULT`.
/// @throws cancelled
inline yield_awaiter yield(int priority = G_PRIORITY_DEFAULT) noexcept {
    return yield_awaiter(priority);
}

} // namespace gawait
