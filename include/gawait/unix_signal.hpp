#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/suspension.hpp"
#include "gawait/ref.hpp"

namespace gawait {

/// The awaiter of `unix_signal()`.
class GAWAIT_API [[nodiscard]] unix_signal_awaiter final : detail::suspension {
public:
    explicit unix_signal_awaiter(int number);

    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        if (!begin(awaiting))
            return false;
        attach();
        return true;
    }

    void await_resume() const { throw_if_cancelled(); }

private:
    void attach() noexcept;
    bool withdraw() noexcept override;

    ref<GSource> source_;
};

/// Suspends until the process gets a signal. While any task waits, the signal does nothing
/// else; afterwards it has its default effect again (as `g_unix_signal_source_new()` does).
///
/// @param number one of `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2`, `SIGWINCH`.
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT` from this call for any other.
/// @throws cancelled
inline unix_signal_awaiter unix_signal(int number) { return unix_signal_awaiter(number); }

} // namespace gawait
