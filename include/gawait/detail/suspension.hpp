#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/error.hpp"

#include <coroutine>

namespace gawait::detail {

/// The base of awaiters that wait for something which is not a GIO operation: a
/// timer, a descriptor, a turn in a queue.
///
/// Cancellation may come at any moment and from any thread. Whichever comes first,
/// it or what is waited for, decides the outcome, and the coroutine is resumed once,
/// on its home engine.
class GAWAIT_API suspension : cancellation::waiter, protected pending {
public:
    /// Ends the wait with success, through the queue: the coroutine is resumed in a
    /// later round. From any thread, once, and not after `withdraw()` returned true.
    void finish_soon() noexcept;

    /// The same, but resumes the coroutine before it returns, unless a cancellation
    /// is on its way to it. Only on the home engine's thread.
    void finish_now() noexcept;

    /// To be called before `finish_soon()` by what is awaited, if it is destroyed: the wait ends
    /// with an error instead.
    void be_left_behind() noexcept { left_behind_ = true; }

    /// @throws error `G_IO_ERROR_CLOSED`, always.
    [[noreturn]] static void fail_left_behind();

    environment& env() const noexcept { return *env_; }
    engine& home() const noexcept { return *env_->home; }

protected:
    /// @param of what is waited for.
    explicit suspension(const kind& of) noexcept : waiter(run), pending(of) {}
    suspension(suspension&&) noexcept = default;
    suspension& operator=(suspension&&) = delete;
    ~suspension() = default;

    /// To be called first in `await_suspend()`, before anything can end the wait.
    ///
    /// @return false if the coroutine was cancelled already: it must not be suspended,
    ///     and `throw_if_cancelled()` will throw.
    template <has_environment Promise>
    bool begin(std::coroutine_handle<Promise> awaiting) noexcept {
        return begin(awaiting, awaiting.promise().env());
    }

    /// For an `await_suspend()` that fails, or finds after `begin()` that there is no
    /// need to wait.
    ///
    /// @return whether the coroutine may go on at once. If not it is cancelled and
    ///     will be resumed: `await_suspend()` returns true.
    bool abandon() noexcept;

    /// For an `await_suspend()` that finds nothing to wait for: lets others have their turn
    /// first, if that of the engine is spent, so that a loop of such awaits holds up nobody.
    ///
    /// @return whether the coroutine is suspended. A cancellation waits for the next await.
    template <has_environment Promise>
    bool give_way(std::coroutine_handle<Promise> awaiting) noexcept {
        environment& env = awaiting.promise().env();
        return env.home->tick() && resume_soon(awaiting, env);
    }

    /// Called on the home engine's thread when the wait is cancelled: gives up what
    /// is waited for. Returns false if that has come about already, in which case
    /// `finish_soon()` or `finish_now()` was or will be called.
    virtual bool withdraw() noexcept = 0;

    bool was_cancelled() const noexcept { return state_ == state::cancelled; }

    /// For `await_resume()`.
    ///
    /// @throws error `G_IO_ERROR_CLOSED` if what was awaited was destroyed meanwhile.
    void throw_if_cancelled() const {
        if (was_cancelled())
            throw cancelled();
        if (left_behind_) [[unlikely]]
            fail_left_behind();
    }

private:
    enum class state {
        waiting,
        finished,           // will be resumed by a job that is posted
        cancel_came_second, // and went, leaving the resumption to finish_...()
        cancelled,
    };

    bool begin(std::coroutine_handle<> awaiting, environment& env) noexcept;
    void resume() noexcept;
    bool resume_soon(std::coroutine_handle<> awaiting, environment& env) noexcept;

    /// @return whether it is left to the caller to resume the coroutine.
    bool finish() noexcept;

    static void run(job& self) noexcept;
    void be_cancelled() noexcept;

    std::coroutine_handle<> awaiting_;
    environment* env_ = nullptr;
    state state_ = state::waiting; // decided under the lock of the cancellation's tree
    bool left_behind_ = false;
};

} // namespace gawait::detail
