#pragma once

#include "engine/inbox.hpp"
#include "engine/job_queue.hpp"
#include "engine/poller.hpp"
#include "engine/timer_heap.hpp"
#include "gawait/engine/engine.hpp"

#include <glib.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gawait {

/// Owns a reference to a `GSource`, which it destroys first.
struct source_destroyer {
    void operator()(GSource* source) const noexcept {
        // A context that is being destroyed has let go of its sources and destroys them
        // itself; it would leak what somebody else destroys before.
        if (!g_source_is_destroyed(source) && g_source_get_context(source))
            g_source_destroy(source);
        g_source_unref(source);
    }
};
using unique_source = std::unique_ptr<GSource, source_destroyer>;

/// The jobs of one GLib priority other than the default, and the source that
/// dispatches them at that priority.
struct lane {
    explicit lane(int of_jobs) noexcept : priority(of_jobs) {}

    const int priority;
    unique_source source;
    job_queue jobs;
};

class turn;

/// What is behind `engine`. It lives in the memory of its main `GSource`, and so
/// stays valid while GLib uses that, whoever drops the last reference meanwhile.
///
/// What has no remark is for the thread that owns the context.
struct engine_state : engine {
    /// @param main the source in whose memory this object is constructed.
    engine_state(GMainContext* for_context, GSource* main_source);

    /// Waits for threads that are about to wake this engine for a job that has run already.
    ~engine_state();

    // What GLib asks the sources.
    bool prepare() noexcept;
    bool check(bool polled_ready) noexcept;
    void dispatch(bool polled_ready) noexcept;
    void dispatch_continuation() noexcept;
    void dispatch_lane(lane& which) noexcept;

    // Queueing.
    void queue(job& work) noexcept;
    lane& lane_of(int priority) noexcept;
    void park() noexcept;
    void be_needed() noexcept; // for any thread
    void unpark() noexcept;
    void set_main_priority(int priority) noexcept;
    GMainContext* attachable_context() const noexcept;
    void detach() noexcept; // for any thread, once there are no users
    void take_inbox() noexcept;
    bool withdraw(job& work) noexcept;

    // Turns.
    void run_turn(bool poll_first) noexcept;
    void give_way() noexcept;
    void take_turn_back() noexcept;
    bool begin_round(clock::time_point now, bool poll_first) noexcept;

    // The end of the context.
    void add_hook(close_hook& hook) noexcept;
    void remove_hook(close_hook& hook) noexcept;
    void close() noexcept;
    void call_hooks() noexcept;
    bool run_all_queued() noexcept;

    // For any thread.
    std::atomic<GMainContext*> context; // null once it is gone
    GMainContext* const thread_default; // as g_main_context_get_thread_default() names it
    std::atomic<unsigned> users{1};
    std::atomic<std::thread::id> dispatching;
    std::atomic<bool> closed{false}; // nothing more will run
    const pid_t process = getpid();
    std::atomic<unsigned> posting{0};                  // other threads in the middle of post()
    std::atomic<bool> visited{false}, released{false}; // see class visit
    std::atomic<bool> parked{false}; // the main source has the worst priority there is
    inbox posted;
    std::recursive_mutex hooks_lock; // held while a hook runs, which may add and remove some
    close_hook* hooks = nullptr;

    job_queue jobs;
    std::size_t left_in_round = 0; // at most jobs.size()
    std::size_t rounds_begun = 0;
    turn* current = nullptr; // the innermost
    std::mutex sources_lock; // whoever changes sources, against whoever ends them
    std::vector<std::unique_ptr<lane>> lanes;
    bool better_lane_ready = false;
    timer_heap timers;
    poller polled;

    GSource* const main;           // holds this object
    int idle_iterations = 0;       // of the context, one after the other
    unique_source unparking;       // from be_needed() to unpark()
    unique_source continuation;    // while yielded
    bool yielded = false;          // to whatever has a better priority than that
    clock::time_point raise_at;    // but no longer than this
    clock::duration spent_since{}; // the last time
};

} // namespace gawait
