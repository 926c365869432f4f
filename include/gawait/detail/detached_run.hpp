#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/completion.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/engine/job.hpp"

#include <coroutine>

namespace gawait::detail {

/// Runs a coroutine by itself: a job begins it, and a job deals with its end.
///
/// Not the end itself: a coroutine must not be destroyed from its own last suspension,
/// and it may have come to that on another thread.
class GAWAIT_API detached_run : completion, job, pending {
public:
    /// Queues the beginning. From any thread.
    ///
    /// @param env what it names must not go before the end.
    /// @param coroutine what will run.
    /// @return false if the context is gone: nothing will happen.
    bool begin_soon(const environment& env, std::coroutine_handle<> coroutine) noexcept;

protected:
    detached_run() noexcept : completion(run_ended), job(run), pending(a_task) {}
    detached_run(detached_run&&) = delete;
    detached_run& operator=(detached_run&&) = delete;
    ~detached_run() = default;

    /// Whether the coroutine has begun: not, if it was cancelled before.
    bool begun() const noexcept { return begun_; }

private:
    virtual void begin(const environment& env, completion& call) noexcept = 0;

    /// Called on the thread that iterates the context, when the coroutine has ended or will
    /// not begin. May destroy this object.
    virtual void end() noexcept = 0;

    static const kind a_task;

    static void run(job& self) noexcept;
    static std::coroutine_handle<> run_ended(completion& self, promise_base& ended) noexcept;

    environment env_;
    bool begun_ = false;
};

} // namespace gawait::detail
