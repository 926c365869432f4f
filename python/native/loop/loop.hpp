#pragma once

#include "gawait/engine/engine.hpp"
#include "gawait/engine/fd_watch.hpp"
#include "gawait/ref.hpp"
#include "loop/handle.hpp"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace gawait::python {

/// The handles of one GLib priority that are ready, and the engine's job that runs them.
struct lane : job {
    lane(loop_object& of, int priority) noexcept
        : job([](job& self) noexcept { static_cast<lane&>(self).run_rounds(); }, priority),
          loop(of) {}

    void run_rounds() noexcept;
    bool run_round() noexcept;

    loop_object& loop;
    handle_queue ready;
    std::size_t left_in_round = 0; // of those that are ready
    bool queued = false;           // in the engine
};

/// Ends a run of the loop, once what was ready when it was stopped has run.
struct halt : job {
    explicit halt(loop_object& of) noexcept
        : job([](job& self) noexcept { static_cast<halt&>(self).arrive(); }), loop(of) {}

    void arrive() noexcept;

    loop_object& loop;
    bool queued = false;
};

/// Does in the loop's thread what the engine lets no other do: starts the timers and the watches
/// of other threads, and ends the watches that they have removed. Ends idle watches as well.
struct starter : job {
    explicit starter(loop_object& of) noexcept
        : job([](job& self) noexcept { static_cast<starter&>(self).arrive(); }), loop(of) {}

    void arrive() noexcept;

    loop_object& loop;
    bool queued = false;
};

/// What waits for a descriptor in place of a handle, to be called each time that it is ready.
using waiter_function = void (*)(PyObject* waiter) noexcept;

/// What is to be done when a callback has returned. False with an exception set on failure.
using end_function = bool (*)(PyObject* of) noexcept;

/// A reader or a writer.
struct watch : fd_watch {
    watch(loop_object& of, int fd, GIOCondition condition) noexcept;

    loop_object* loop; // null: removed while it was queued, and deletes itself when it runs
    object callback;   // a handle, or what waits; null: idle, the starter is to remove it
    waiter_function call_waiter = nullptr; // null: the callback is a handle
    object file; // what add_reader() was given, by which remove_reader() may find it
    bool muted = false;
    bool renewed = false; // it has another handle than the one that is queued
};

/// What the engine sees of a loop. It outlives the Python object where the engine cannot be
/// told to forget it.
struct loop_core {
    explicit loop_core(loop_object& of) : halting(of), starting(of) {}

    halt halting;
    starter starting;
    std::map<int, lane> lanes; // by priority
    // By descriptor; of each a reader and a writer.
    std::vector<std::array<std::unique_ptr<watch>, 2>> watches;
    // By other threads: the descriptors of what they have added, and what they have removed, which
    // has no callback any more, but which the engine may have yet.
    std::vector<int> added;
    std::vector<std::unique_ptr<watch>> removed;
    // The watches that became idle since the last round: descriptors, and whether for writing.
    std::vector<std::pair<int, bool>> idle;
};

/// The part of `EventLoop` that is hot. All of it is guarded by the GIL.
///
/// What runs a callback asks first whether it may: not while the loop does not run (somebody
/// else may iterate its context), and not within another callback of the loop (which iterates
/// the context), for a task must not run within a task. What has to wait is kept, and its
/// descriptors are not watched meanwhile; `reopen()` sets it going again. That is also how it
/// begins: until the loop first runs it may have no home, and all that it is given is kept.
struct loop_object {
    PyObject_HEAD ref<GMainContext> context; // null until it is known where the loop runs
    engine_ref home;                         // the context's
    std::unique_ptr<loop_core> core;
    lane* default_lane;     // of the core's
    timer_list scheduled;   // that the engine has
    timer_list unstarted;   // that it has not: those of other threads, and of no home
    PyObject* task_factory; // None or null: none
    object interrupt;       // the SystemExit or KeyboardInterrupt that ends the run
    std::vector<std::pair<object, end_function>> at_end; // of the callback that runs
    double slow_callback_duration;
    std::size_t last_round; // of the engine, that still runs after stop()
    int runs;               // nested in each other
    int quits;              // of the runs, those that need _quit() to end
    int pauses;
    std::size_t flights;     // that the engine counts for the loop
    std::uint64_t callbacks; // that were called
    lane* running;           // the one in whose round a callback runs; it posts itself
    bool in_callback;
    bool held; // something waits for reopen()
    bool stopping;
    bool halted;
    bool debug;
    bool closed;
    bool guest; // its callbacks are called by call_as_guest()

    bool may_run() const noexcept;
    void reopen() noexcept;

    /// Calls what a handle is for. An exception that it raised stays set.
    bool call(handle& which) noexcept;

    /// Runs a handle and deals with what it raises.
    void run(handle& which) noexcept;

    /// Has something done when the callback that runs has returned, before the next one.
    ///
    /// @return false if none runs.
    bool at_callback_end(PyObject* of, end_function function) noexcept {
        if (in_callback)
            at_end.emplace_back(object::retain(of), function);
        return in_callback;
    }

    /// Does what is to be done now that a callback has returned.
    ///
    /// @param succeeded whether it has; if not, its exception is set, and stays so.
    /// @return whether all has.
    bool end_callback(bool succeeded) noexcept;

    /// Ends the run if an exception is one that does, and says whether it is.
    bool ends_by(const object& raised) noexcept;

    /// Runs the Python handlers of signals that came, before the thread blocks: a callback that
    /// is not Python code leaves them waiting.
    void handle_signals() noexcept;

    /// Queues a handle; takes over a reference.
    void make_ready(handle& owned) noexcept;
    lane& lane_of(int priority);
    void post(lane& which) noexcept;
    void stop() noexcept;
    void quit() noexcept;

    static void on_due(timer_handle& timer) noexcept;
    void schedule(timer_handle& timer) noexcept;
    static void unschedule(timer_handle& timer) noexcept;
    void start_timers() noexcept;
    timer_list& list_of(const timer_handle& timer) noexcept;
    void post_starter() noexcept;

    static void on_ready(watch& which) noexcept;
    watch* watch_of(int fd, bool writing) noexcept;

    /// The descriptor of a file object that is watched, also of one that was closed; or -1.
    int watched_fd_of(PyObject* file) const noexcept;
    void start_watch(watch* which) noexcept;
    void start_watches() noexcept;
    void start_added() noexcept;

    /// Has a descriptor watched for a handle or, with a function, for something else that waits,
    /// in place of what it was watched for.
    ///
    /// @param file what stands for the descriptor in Python, or null.
    /// @return false with an exception set on failure.
    bool put_watch(int fd, bool writing, object callback, waiter_function call_waiter,
                   PyObject* file) noexcept;

    /// Keeps a watch for what waits next if that comes in the next round.
    void leave_idle(int fd, bool writing) noexcept;

    bool remove_watch(int fd, bool writing) noexcept;
    void end(std::unique_ptr<watch> removed) noexcept;
    void end_removed() noexcept;
    void end_idle() noexcept;

    /// Whether a callback is ready, or scheduled, or waits for a descriptor other than the loop's
    /// own.
    bool has_work(int own_fd) const noexcept;

    /// Takes everything back from the engine; not where another thread iterates the context.
    bool take_back() noexcept;

    void begin_flight() noexcept;
    void end_flight() noexcept;

    /// Takes everything back, and lets go of all handles.
    bool let_go() noexcept;
};

inline loop_object& loop_of(PyObject* self) noexcept {
    return *reinterpret_cast<loop_object*>(self);
}
inline PyObject* object_of(loop_object& self) noexcept {
    return reinterpret_cast<PyObject*>(&self);
}

/// Whether it is one of ours.
bool is_loop(PyObject* given) noexcept;

/// What loop.time() says, in seconds.
double loop_time(const loop_object& self) noexcept;

/// Whether the loop can be used. If not, an exception is set.
bool check_open(loop_object& self) noexcept;

/// Null with an exception set on failure.
PyTypeObject* add_loop_type(PyObject* module) noexcept;

} // namespace gawait::python
