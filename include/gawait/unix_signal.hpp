#pragma once

#include "gawait/api.hpp"
#include "gawait/source_wait.hpp"

namespace gawait {

/// The awaiter of `unix_signal()`.
class GAWAIT_API [[nodiscard]] unix_signal_awaiter final : detail::source_wait {
public:
    explicit unix_signal_awaiter(int number) : source_wait(make_source(number)) {}

    using source_wait::await_ready;
    using source_wait::await_suspend;

    void await_resume() const { throw_if_cancelled(); }

private:
    static ref<GSource> make_source(int number);
    void set_callback(GSource* source) noexcept override;
};

/// Suspends until the process gets a signal. While any task waits, the signal does nothing
/// else; afterwards it has its default effect again (as `g_unix_signal_source_new()` does).
///
/// @param number one of `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2`, `SIGWINCH`.
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT` from this call for any other.
/// @throws cancelled
inline unix_signal_awaiter unix_signal(int number) { return unix_signal_awaiter(number); }

} // namespace gawait
