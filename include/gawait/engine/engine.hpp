#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/counters.hpp"
#include "gawait/engine/fd_watch.hpp"
#include "gawait/engine/job.hpp"
#include "gawait/engine/timer.hpp"
#include "gawait/engine/unfinished.hpp"

#include <glib.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace gawait {

class engine_ref;

/// Runs jobs, timers and file descriptor watches inside a `GMainContext`.
///
/// There is at most one engine per context. It is found by its context, lives
/// while somebody holds an `engine_ref`, and does not keep the context alive.
/// Whoever iterates the context drives the engine: `g_main_loop_run()`,
/// `g_application_run()`, `g_main_context_iteration()`, also nested in a job.
///
/// Unless stated otherwise a member function may be called only from the thread
/// that owns the context, or from any thread while nobody owns it (see
/// `g_main_context_acquire()`).
class GAWAIT_API engine {
public:
    /// How long one dispatch runs jobs before other sources get their turn.
    static constexpr std::chrono::microseconds turn_budget{500};

    /// Where work goes on that did not fit: below GTK's redraw (120), level with
    /// `g_idle_add()`.
    static constexpr int continuation_priority = G_PRIORITY_DEFAULT_IDLE;

    /// How long sources of a better priority may hold up such work before one
    /// more turn runs at `G_PRIORITY_DEFAULT`.
    static constexpr std::chrono::milliseconds longest_wait{5};

    /// The engine of a context, created if there is none. From any thread.
    ///
    /// @param context null stands for the thread-default context.
    /// @throws error `G_IO_ERROR_TOO_MANY_OPEN_FILES` and the like, where the
    ///     kernel has no descriptors left for the engine's own three.
    static engine_ref get(GMainContext* context = nullptr);

    /// The engine of a context if it has one, else an empty reference. From any
    /// thread.
    static engine_ref find(GMainContext* context = nullptr) noexcept;

    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// The context, or null after it was destroyed. Borrowed.
    GMainContext* context() const noexcept;

    /// Whether the calling thread owns the context. From any thread.
    bool on_owner_thread() const noexcept;

    /// Whether the context is the calling thread's thread-default one, so that
    /// what GIO starts here calls back into it.
    bool is_thread_default() const noexcept;

    /// Queues a job. From any thread; allocates nothing.
    ///
    /// A job posted by a job runs in the next round, after all those that were
    /// queued when the current round began.
    ///
    /// @return false if the context was destroyed: the job will never run.
    bool post(job& work) noexcept;

    /// Takes back a job that is queued, in time that grows with what is queued.
    ///
    /// @return false if the job was not queued.
    /// @throws error from a thread that may not use the engine.
    bool withdraw(job& work);

    /// How many rounds have begun. What a job posts runs in a later round.
    std::size_t rounds() const noexcept;

    /// Whether whoever does many things has done enough, since the turn's budget is spent: a
    /// job should then `resume()` and return. To be called after each thing; outside of a turn
    /// (in a callback of GIO's, say) every so many calls say so.
    bool tick() noexcept;

    /// Queues a job as the next to run, in the same round, which a later turn goes on with.
    /// To be called by a job at its end.
    void resume(job& work) noexcept;

    /// Begins the next round for a job that has more to do, where it would be the first in
    /// it; if not, it is to post itself. To be called by a job at its end.
    bool next_round() noexcept;

    /// Calls a function once, when the turn whose job is running ends: for what a first
    /// job acquires and the rest of its turn shares. A turn remembers one function. To be
    /// called from a job.
    void at_turn_end(void (*function)() noexcept) noexcept;

    /// Whether the turn whose job is running has such a function. To be called from a job.
    bool has_turn_end() const noexcept;

    /// Starts a timer that is not pending. A deadline in the past is due in the
    /// next round. Timers of one deadline are queued in the order of their start.
    ///
    /// @throws error from a thread that may not use the engine.
    void start(timer& work, clock::time_point deadline);

    /// Stops a timer in constant time.
    ///
    /// @return false if it was not pending: its job is queued or has run.
    bool cancel(timer& work) noexcept;

    /// The time that deadlines are compared with: `clock::now()`, unless it is virtual. From any
    /// thread.
    clock::time_point now() const noexcept;

    /// Counts what virtual time waits for, as `flight` says.
    void begin_flight() noexcept { count_flights(1); }
    void end_flight() noexcept { count_flights(-std::size_t{1}); }
    std::size_t flights() const noexcept { return flights_.load(std::memory_order_relaxed); }

    /// Counts the operations of `read_counters()`.
    void begin_operation() noexcept { count_operations(1); }
    void end_operation() noexcept { count_operations(-std::size_t{1}); }

    /// Makes `now()` virtual, as `virtual_time` says.
    ///
    /// @throws error `G_IO_ERROR_EXISTS` if it is that already; error from a thread that may not
    ///     use the engine.
    void begin_virtual_time();
    void end_virtual_time() noexcept;

    /// Whether it is between those two.
    bool has_virtual_time() const noexcept;

    /// Begins to watch a descriptor. Several watches may share one descriptor.
    ///
    /// @throws error for a bad descriptor, for one that cannot be polled
    ///     (`EPERM`: a regular file is always ready), when the kernel has no
    ///     room, or from a thread that may not use the engine.
    void watch(fd_watch& watch);

    /// Ends a watch. To be called before the descriptor is closed.
    void unwatch(fd_watch& watch) noexcept;

    /// Whether the file of a watch is registered for reading: a watch before has left that (see
    /// `fd_watch::leave_registered()`), and it was not found readable since with nobody there to
    /// read. False for a watch that tells no file.
    bool is_registered(const fd_watch& watch) const noexcept;

    /// What has begun and has not ended, the oldest first.
    ///
    /// @throws error from a thread that may not use the engine.
    std::vector<const unfinished*> all_unfinished() const;

    /// What it has done until now, and what is in flight.
    ///
    /// @throws error from a thread that may not use the engine.
    counters read_counters() const;

    /// Begins anew with the longest turn, of which later ones alone then tell. A turn that runs is
    /// one of those.
    ///
    /// @throws error from a thread that may not use the engine.
    void reset_longest_turn();

    /// What to call, on the thread that destroys it, when the context goes away
    /// under the engine. Jobs posted by the hook still run, before the context
    /// is gone.
    class close_hook {
    public:
        using function = void (*)(close_hook&) noexcept;

        explicit close_hook(function run) noexcept : run_(run) {}
        close_hook(const close_hook&) = delete;
        close_hook& operator=(const close_hook&) = delete;

    private:
        friend class close_hooks;

        function run_;
        close_hook* previous_ = nullptr;
        close_hook* next_ = nullptr;
    };

    /// From any thread. The hook is called at most once.
    void add(close_hook& hook) noexcept;

    /// Calls the hooks that have this function, and leaves them where they are. From any
    /// thread.
    ///
    /// @return whether there were any.
    bool call(close_hook::function which) noexcept;

    /// From any thread. No effect on a hook that was called; waits for one that another
    /// thread is calling.
    void remove(close_hook& hook) noexcept;

protected:
    engine() = default;
    ~engine() = default;

private:
    friend class engine_ref;

    void acquire() noexcept;
    void release() noexcept;

    void count_flights(std::size_t change) noexcept {
        flights_.store(flights() + change, std::memory_order_relaxed);
    }

    std::size_t operations() const noexcept { return operations_.load(std::memory_order_relaxed); }

    void count_operations(std::size_t change) noexcept {
        operations_.store(operations() + change, std::memory_order_relaxed);
    }

    // Of one thread at a time, as GLib's locks order them: tools that do not see into GLib know
    // that of an atomic.
    std::atomic<std::size_t> flights_{0};
    std::atomic<std::size_t> operations_{0};
};

/// Keeps an engine alive. From any thread.
class engine_ref {
public:
    engine_ref() noexcept = default;

    explicit engine_ref(engine& other) noexcept : engine_(&other) { other.acquire(); }

    engine_ref(const engine_ref& other) noexcept : engine_(other.engine_) {
        if (engine_)
            engine_->acquire();
    }

    engine_ref(engine_ref&& other) noexcept : engine_(std::exchange(other.engine_, nullptr)) {}

    engine_ref& operator=(engine_ref other) noexcept {
        std::swap(engine_, other.engine_);
        return *this;
    }

    ~engine_ref() {
        if (engine_)
            engine_->release();
    }

    engine* get() const noexcept { return engine_; }
    engine& operator*() const noexcept { return *engine_; }
    engine* operator->() const noexcept { return engine_; }
    explicit operator bool() const noexcept { return engine_ != nullptr; }

private:
    friend class engine;

    engine* engine_ = nullptr;
};

/// Pushes an engine's context as the thread-default one for a C++ scope, if it is
/// not that already.
class thread_default_scope {
public:
    explicit thread_default_scope(const engine& home) noexcept
        : pushed_(home.is_thread_default() ? nullptr : home.context()) {
        if (pushed_) [[unlikely]]
            g_main_context_push_thread_default(pushed_);
    }

    thread_default_scope(const thread_default_scope&) = delete;
    thread_default_scope& operator=(const thread_default_scope&) = delete;

    ~thread_default_scope() {
        if (pushed_) [[unlikely]]
            g_main_context_pop_thread_default(pushed_);
    }

private:
    GMainContext* pushed_;
};

} // namespace gawait
