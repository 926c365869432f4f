#pragma once

#include "engine/close_hooks.hpp"
#include "engine/engine_clock.hpp"
#include "engine/inbox.hpp"
#include "engine/job_queue.hpp"
#include "engine/lane.hpp"
#include "engine/poller.hpp"
#include "engine/timer_heap.hpp"
#include "engine/unfinished.hpp"
#include "engine/unique_source.hpp"
#include "gawait/engine/counters.hpp"
#include "gawait/engine/engine.hpp"

#include <glib.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace gawait {

class turn;

/// What is behind `engine`. It lives in the memory of its main `GSource`, and so
/// stays valid while GLib uses that, whoever drops the last reference meanwhile.
///
/// What has no remark is for the thread that owns the context.
struct engine_state : engine {
    /// Constructs one, with one user, in a main source that it attaches.
    ///
    /// @throws error as `engine::get()` does.
    static engine_state& attach_to(GMainContext* context);

    /// @param main the source in whose memory this object is constructed.
    engine_state(GMainContext* for_context, GSource* main_source);

    /// Waits for threads that are about to wake this engine for a job that has run already.
    ~engine_state();

    // What GLib asks the main source.
    bool prepare(int& timeout) noexcept;
    bool check(bool polled_ready) noexcept;
    void dispatch(bool polled_ready) noexcept;

    // Side sources.
    GMainContext* attachable_context() const noexcept;
    void detach() noexcept; // for any thread, once there are no users

    // Queueing.
    void queue(job& work) noexcept {
        be_needed();
        if (work.priority() == G_PRIORITY_DEFAULT) [[likely]]
            jobs.push(work);
        else
            queue_in_lane(work);
    }

    void take_inbox() noexcept {
        if (!posted.empty()) [[unlikely]]
            drain_inbox();
    }

    void drain_inbox() noexcept;

    bool withdraw(job& work) noexcept;

    // Lanes.
    void queue_in_lane(job& work) noexcept;
    lane& lane_of(int priority) noexcept;
    void dispatch_lane(lane& which) noexcept;
    void drop_if_empty(lane& which) noexcept;

    // Turns.
    enum class descriptors { looked_at, not_looked_at, ready };

    void run_turn(bool polled_ready) noexcept;
    void queue_ready(turn& current, descriptors look) noexcept;
    void begin_round() noexcept;

    void run(job& work) noexcept {
        ++counts.callbacks;
        work.run();
    }

    // Fairness.
    void give_way() noexcept;
    void take_turn_back() noexcept;
    void dispatch_continuation() noexcept;

    // Parking.
    void be_needed() noexcept { // for any thread
        if (parked.load(std::memory_order_relaxed)) [[unlikely]]
            begin_unparking();
    }

    void park() noexcept;
    void begin_unparking() noexcept; // for any thread
    void unpark() noexcept;
    void set_main_priority(int priority) noexcept;

    // Virtual time.
    void be_virtual() noexcept;
    void be_real() noexcept;
    bool may_jump() noexcept;
    bool prepare_jump() noexcept;
    void jump() noexcept;

    // The end of the context.
    void close() noexcept;
    void leave_registry() noexcept;
    bool run_all_queued() noexcept;

    /// How many lanes may stay without a job. A source that nobody needs costs each iteration of
    /// the context, but making one for each job costs more.
    static constexpr std::size_t kept_lanes = 4;

    /// After how many iterations in which there was nothing to do the engine parks: so many
    /// that an engine that is used now and then does not park and unpark all the time.
    static constexpr int idle_iterations_to_park = 64;

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
    close_hooks hooks;

    job_queue jobs;
    std::size_t left_in_round = 0; // at most jobs.size()
    std::size_t rounds_begun = 0;
    turn* current = nullptr;        // the innermost
    std::mutex sources_lock;        // whoever changes sources, against whoever ends them
    std::map<int, lane> lanes;      // by priority
    bool better_lane_ready = false; // since the main source last began a turn
    timer_heap timers;
    engine_clock time;
    poller polled;
    unfinished_list listed;
    counters counts; // but for operations

    GSource* const main;           // holds this object
    int idle_iterations = 0;       // of the context, one after the other
    unique_source unparking;       // from begin_unparking() to unpark()
    unique_source jumping;         // while time is virtual
    unique_source continuation;    // while yielded
    bool yielded = false;          // to whatever has a better priority than that
    clock::time_point raise_at;    // but no longer than this
    clock::duration spent_since{}; // the last time
};

inline engine_state& state_of(engine& self) noexcept { return static_cast<engine_state&>(self); }

inline const engine_state& state_of(const engine& self) noexcept {
    return static_cast<const engine_state&>(self);
}

} // namespace gawait
