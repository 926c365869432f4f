#pragma once

#include <glib.h>

namespace gawait {

/// A unit of work that an engine runs once: a function and, in the class that
/// derives from `job`, what the function works on.
///
/// Jobs are intrusive: posting one allocates nothing, and a job that is queued
/// must stay alive, and must not be posted again, until it runs.
class job {
public:
    /// Called on the thread that iterates the engine's context. It may destroy
    /// the job, post it again, and iterate the context.
    using function = void (*)(job&) noexcept;

    /// @param called what to call.
    /// @param priority a GLib priority, lower runs first; but when a turn is spent, what is
    ///     ready up to `G_PRIORITY_DEFAULT_IDLE` runs before more of `G_PRIORITY_DEFAULT`.
    ///     Jobs of one priority run in the order in which they were posted.
    explicit job(function called, int priority = G_PRIORITY_DEFAULT) noexcept
        : run_(called), priority_(priority) {}

    /// A job may be moved as long as it was not posted.
    job(job&& other) noexcept : run_(other.run_), priority_(other.priority_) {}
    job& operator=(job&&) = delete;

    int priority() const noexcept { return priority_; }

    /// Takes effect the next time the job is posted.
    void set_priority(int priority) noexcept { priority_ = priority; }

    void run() noexcept { run_(*this); }

protected:
    ~job() = default;

private:
    friend class inbox;
    friend class job_queue;

    function run_;
    job* next_ = nullptr;
    int priority_;
};

} // namespace gawait
