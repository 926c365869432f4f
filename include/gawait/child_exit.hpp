#pragma once

#include "gawait/api.hpp"
#include "gawait/source_wait.hpp"

namespace gawait {

/// The awaiter of `child_exit()`.
class GAWAIT_API [[nodiscard]] child_exit_awaiter final : detail::source_wait {
public:
    explicit child_exit_awaiter(GPid pid) noexcept : source_wait(make_source(pid)) {}

    using source_wait::await_ready;
    using source_wait::await_suspend;

    int await_resume() const {
        throw_if_cancelled();
        return status_;
    }

private:
    static ref<GSource> make_source(GPid pid) noexcept;
    void set_callback(GSource* source) noexcept override;

    int status_ = 0;
};

/// Suspends until a child process has ended, reaps it, and gives its wait status, to be
/// read with `g_spawn_check_wait_status()` or `WEXITSTATUS()`.
///
/// @param pid a child of this process that nobody else waits for. (For a `GSubprocess`
///     await `g_subprocess_wait_async`.)
/// @throws cancelled; the child runs on then.
inline child_exit_awaiter child_exit(GPid pid) noexcept { return child_exit_awaiter(pid); }

} // namespace gawait
