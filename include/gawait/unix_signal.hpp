#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/suspension.hpp"
#include "gawait/detail/wait_queue.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"

#include <coroutine>
#include <utility>

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
    static const kind a_signal;

    void attach() noexcept;
    bool withdraw() noexcept override;

    int number_;
    ref<GSource> source_;
    bool came_ = false;
};

/// Suspends until the process gets a signal. While any task waits, the signal does nothing
/// else; afterwards it has its default effect again (as `g_unix_signal_source_new()` does),
/// which for most is to end the process. So not in a loop, where the signal may come while it
/// is dealt with: `unix_signals` is for that.
///
/// @param number one of `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2`, `SIGWINCH`.
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT` from this call for any other.
/// @throws cancelled
inline unix_signal_awaiter unix_signal(int number) { return unix_signal_awaiter(number); }

/// A signal as often as it comes. As long as this lives the signal does nothing else.
///
///     unix_signals hangups(SIGHUP);
///     for (;;) {
///         co_await hangups.next();
///         co_await reload();
///     }
///
/// A signal that comes while nobody waits is remembered. Several of those are one, as they are
/// to the kernel while a signal is pending.
///
/// Belongs to the tasks of one context, that of the first `next()`. None may be waiting when it
/// is destroyed.
class GAWAIT_API unix_signals {
public:
    class [[nodiscard]] next_awaiter : detail::queued_wait {
    public:
        explicit next_awaiter(unix_signals& owner) noexcept
            : queued_wait(a_signal), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.belong_to(*env.home);
            if (!env.cancel->requested() && std::exchange(owner_.came_, false))
                return false;
            return wait_in(owner_.waiting_, awaiting);
        }

        void await_resume() const { throw_if_cancelled(); }

    private:
        static constexpr kind a_signal{role::wait, "a Unix signal"};

        unix_signals& owner_;
    };

    /// Takes the signal over.
    ///
    /// @param number as for `unix_signal()`.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` for any other.
    explicit unix_signals(int number);
    unix_signals(const unix_signals&) = delete;
    unix_signals& operator=(const unix_signals&) = delete;
    ~unix_signals();

    /// Waits for the signal; does not suspend if it came since the last time. Of several tasks
    /// that wait, one goes on, the one that came first.
    ///
    /// @throws cancelled; the signal is remembered then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context.
    next_awaiter next() noexcept GAWAIT_LIFETIMEBOUND { return next_awaiter(*this); }

private:
    void belong_to(engine& home);
    static gboolean on_signal(gpointer self) noexcept;

    const int number_;
    ref<GSource> source_;
    engine_ref home_;
    detail::wait_queue waiting_;
    bool came_ = false;
};

} // namespace gawait
