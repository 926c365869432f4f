#include "loop/loop.hpp"

#include "acquired_context.hpp"
#include "gawait/engine/now.hpp"
#include "gawait/error.hpp"
#include "loop/debug_mode.hpp"
#include "loop/guest.hpp"

#include <algorithm>
#include <cmath>

namespace gawait::python {
namespace {

/// Takes the GIL for the rest of the engine's turn: taken for each callback it would cost
/// more than most of them.
void take_gil(engine& home) noexcept {
    if (home.has_turn_end() || holds_gil())
        return;
    unless_exiting(PyGILState_Ensure);
    home.at_turn_end([]() noexcept { PyGILState_Release(PyGILState_UNLOCKED); });
}

clock::time_point deadline_of(double when) noexcept {
    // Rounded up: loop.time() must not be before the timer's time when it is called.
    const double nanoseconds = std::ceil(when * 1e9);
    constexpr double latest = 4e18;
    if (!(nanoseconds < latest))
        return clock::time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(latest)));
    return clock::time_point(
        std::chrono::nanoseconds(nanoseconds < 0 ? 0 : static_cast<std::int64_t>(nanoseconds)));
}

/// False in a thread that may not use the engine.
bool start(engine& home, timer_handle& timer) noexcept {
    try {
        home.start(timer.clockwork, deadline_of(timer.when));
        return true;
    } catch (const error&) {
        return false;
    }
}

} // namespace

double loop_time(const loop_object& self) noexcept {
    const auto time = self.home ? self.home->now() : now();
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// Running ------------------------------------------------------------------------

bool loop_object::may_run() const noexcept {
    return runs > 0 && !in_callback && pauses == 0 && !interrupt &&
           (!stopping || home->rounds() <= last_round);
}

void loop_object::reopen() noexcept {
    held = false;
    start_timers();
    for (auto& [priority, each] : core->lanes)
        if (!each.ready.empty())
            post(each);
    start_watches();
}

bool loop_object::call(handle& which) noexcept {
    if (!guest) [[likely]]
        return invoke(which);
    return call_as_guest(*this, which);
}

void loop_object::run(handle& which) noexcept {
    if (which.cancelled)
        return;
    ++callbacks;
    const bool outer = std::exchange(in_callback, true);
    bool succeeded = debug ? call_in_debug_mode(*this, which) : call(which);
    if (!at_end.empty())
        succeeded = end_callback(succeeded);
    if (!succeeded) [[unlikely]] {
        const object raised = take_exception();
        if (!ends_by(raised)) {
            const auto told = object::adopt(PyObject_CallMethod(
                object_of(*this), "_callback_failed", "OO", object_of(which), raised.get()));
            if (!told) {
                interrupt = take_exception();
                quit();
            }
        }
    }
    in_callback = outer;
    if (held && !outer) [[unlikely]]
        reopen();
}

bool loop_object::end_callback(bool succeeded) noexcept {
    object raised = succeeded ? object() : take_exception();
    // Which may add to it.
    for (std::size_t index = 0; index < at_end.size(); ++index) {
        const auto [of, function] = std::move(at_end[index]);
        if (function(of.get()))
            continue;
        if (raised)
            PyErr_WriteUnraisable(of.get());
        else
            raised = take_exception();
    }
    at_end.clear();
    if (!raised)
        return true;
    raise(std::move(raised));
    return false;
}

bool loop_object::ends_by(const object& raised) noexcept {
    if (!is_interrupt(raised.get()))
        return false;
    interrupt = raised;
    quit();
    return true;
}

void loop_object::handle_signals() noexcept {
    if (PyErr_CheckSignals() == 0) [[likely]]
        return;
    interrupt = take_exception();
    quit();
}

void lane::run_rounds() noexcept {
    take_gil(*loop.home);
    queued = false;
    const auto alive = object::retain(object_of(loop));
    if (loop.may_run()) {
        lane* const outer = std::exchange(loop.running, this);
        bool more = true;
        while (more)
            more = run_round() && !ready.empty() && loop.home->next_round() && loop.may_run();
        loop.running = outer;
        loop.handle_signals();
    }
    if (ready.empty())
        return;
    if (!loop.may_run()) {
        loop.held = true;
    } else if (left_in_round > 0 && !queued) {
        queued = true;
        loop.home->resume(*this);
    } else {
        loop.post(*this);
    }
}

/// Runs what is left of the round, or else what is ready.
///
/// @return whether that came to its end.
bool lane::run_round() noexcept {
    if (left_in_round == 0)
        left_in_round = ready.size();
    // A nested run may run part of it.
    while (left_in_round > 0) {
        --left_in_round;
        const auto next = object::adopt(object_of(ready.pop()));
        loop.run(handle_of(next.get()));
        if (loop.interrupt)
            left_in_round = 0; // as asyncio goes on after it, with all that is ready
        // A round is not broken off when the loop stops at its end.
        else if (loop.home->tick() && !loop.stopping)
            break;
    }
    return left_in_round == 0 && !loop.interrupt;
}

void loop_object::post(lane& which) noexcept {
    if (which.queued || runs == 0 || running == &which)
        return;
    which.queued = true;
    home->post(which);
}

void loop_object::make_ready(handle& owned) noexcept {
    lane& which = owned.priority == G_PRIORITY_DEFAULT ? *default_lane : lane_of(owned.priority);
    which.ready.push(owned);
    post(which);
}

lane& loop_object::lane_of(int priority) {
    return core->lanes.try_emplace(priority, *this, priority).first->second;
}

void loop_object::stop() noexcept {
    stopping = true;
    if (runs == 0)
        return;
    // Outside a round, the next one is what was ready.
    last_round = home->rounds() + (in_callback ? 0 : 1);
    if (!std::exchange(core->halting.queued, true))
        home->post(core->halting);
}

void halt::arrive() noexcept {
    queued = false;
    if (!loop.stopping || loop.runs == 0)
        return;
    if (loop.home->rounds() <= loop.last_round) {
        queued = true;
        loop.home->post(*this);
        return;
    }
    loop.halted = true;
    if (loop.quits > 0) {
        take_gil(*loop.home);
        loop.quit();
    }
}

void loop_object::quit() noexcept {
    if (quits == 0)
        return;
    const auto told = object::adopt(PyObject_CallMethod(object_of(*this), "_quit", nullptr));
    if (!told)
        PyErr_WriteUnraisable(object_of(*this));
}

// Timers -------------------------------------------------------------------------

void loop_object::schedule(timer_handle& timer) noexcept {
    timer.started = home && start(*home, timer);
    Py_INCREF(&timer);
    timer.scheduled = true;
    list_of(timer).push(timer);
    if (home && !timer.started)
        post_starter();
}

void loop_object::post_starter() noexcept {
    if (!std::exchange(core->starting.queued, true))
        home->post(core->starting);
}

timer_list& loop_object::list_of(const timer_handle& timer) noexcept {
    return timer.started ? scheduled : unstarted;
}

/// In the order in which they were scheduled, which decides between those of one time.
void loop_object::start_timers() noexcept {
    for (timer_handle* each = unstarted.oldest(); each && start(*home, *each);) {
        timer_handle& started = *std::exchange(each, each->previous);
        unstarted.remove(started);
        started.started = true;
        scheduled.push(started);
    }
}

void starter::arrive() noexcept {
    take_gil(*loop.home);
    queued = false;
    loop.start_timers();
    // First, for a descriptor that was removed and added again.
    loop.end_removed();
    loop.start_added();
    loop.end_idle();
}

void loop_object::on_due(timer_handle& timer) noexcept {
    loop_object& self = *timer.loop;
    take_gil(*self.home);
    timer.scheduled = false;
    self.scheduled.remove(timer);
    const auto alive = object::retain(object_of(self));
    const auto owned = object::adopt(object_of(timer));
    if (self.may_run()) {
        self.run(timer);
        self.handle_signals();
    } else if (!timer.cancelled) {
        self.lane_of(timer.priority).ready.push(timer);
        Py_INCREF(&timer);
        self.held = true;
    }
}

void loop_object::unschedule(timer_handle& timer) noexcept {
    if (!timer.scheduled)
        return;
    loop_object& self = *timer.loop;
    if (timer.started) {
        // In another thread, or when it is queued already, it comes to nothing when it is due.
        const bool ours =
            self.runs == 0 || self.home->on_owner_thread() || g_main_context_is_owner(self.context);
        if (!ours || !self.home->cancel(timer.clockwork))
            return;
    }
    timer.scheduled = false;
    self.list_of(timer).remove(timer);
    Py_DECREF(&timer);
}

// Readers and writers ------------------------------------------------------------

watch::watch(loop_object& of, int fd, GIOCondition condition) noexcept
    : fd_watch([](fd_watch& self) noexcept { loop_object::on_ready(static_cast<watch&>(self)); },
               fd, condition),
      loop(&of) {}

void loop_object::on_ready(watch& which) noexcept {
    if (!which.loop) {
        const std::unique_ptr<watch> last(&which);
        return;
    }
    loop_object& self = *which.loop;
    take_gil(*self.home);
    if (std::exchange(which.renewed, false) || !which.callback)
        return; // what was ready is not there any more
    // What waits finds out that its descriptor was closed; as with epoll, no handle is told.
    if (!which.watching() && (which.muted || !which.call_waiter))
        return;
    if (!self.may_run()) {
        self.home->unwatch(which);
        which.muted = true;
        self.held = true;
        return;
    }
    const auto alive = object::retain(object_of(self));
    const object callback = which.callback;
    if (which.call_waiter) {
        ++self.callbacks;
        self.in_callback = true;
        which.call_waiter(callback.get());
        self.in_callback = false;
        if (self.held)
            self.reopen();
    } else {
        self.run(handle_of(callback.get()));
    }
    self.handle_signals();
}

watch* loop_object::watch_of(int fd, bool writing) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    return fd >= 0 && index < core->watches.size() ? core->watches[index][writing].get() : nullptr;
}

int loop_object::watched_fd_of(PyObject* file) const noexcept {
    for (std::size_t fd = 0; fd < core->watches.size(); ++fd)
        for (const auto& each : core->watches[fd])
            if (each && each->file.get() == file)
                return static_cast<int>(fd);
    return -1;
}

bool loop_object::remove_watch(int fd, bool writing) noexcept {
    if (!watch_of(fd, writing))
        return false;
    auto removed = std::move(core->watches[static_cast<std::size_t>(fd)][writing]);
    const bool waited_for = removed->call_waiter;
    const object callback = std::move(removed->callback), file = std::move(removed->file);
    if (home) {
        const acquired_context acquired(context);
        if (acquired) {
            end(std::move(removed));
        } else {
            core->removed.push_back(std::move(removed));
            post_starter();
        }
    }
    if (!waited_for && !cancel(handle_of(callback.get())))
        PyErr_WriteUnraisable(callback.get());
    return bool(callback);
}

void loop_object::leave_idle(int fd, bool writing) noexcept {
    watch_of(fd, writing)->callback = {};
    core->idle.emplace_back(fd, writing);
    post_starter();
}

void loop_object::end_idle() noexcept {
    for (const auto& [fd, writing] : std::exchange(core->idle, {}))
        if (const watch* const left = watch_of(fd, writing); left && !left->callback)
            remove_watch(fd, writing);
}

void loop_object::end(std::unique_ptr<watch> removed) noexcept {
    if (removed->watching())
        home->unwatch(*removed);
    if (removed->queued()) {
        removed->loop = nullptr;
        std::ignore = removed.release(); // the engine has it
    }
}

void loop_object::end_removed() noexcept {
    for (auto& each : std::exchange(core->removed, {}))
        end(std::move(each));
}

void loop_object::start_watch(watch* which) noexcept {
    if (!which || !which->muted)
        return;
    try {
        which->muted = false;
        home->watch(*which);
    } catch (const error&) { // NOLINT(bugprone-empty-catch)
        // Its descriptor was closed meanwhile; as with epoll, nobody is told.
    }
}

void loop_object::start_watches() noexcept {
    for (const auto& slot : core->watches)
        for (const auto& each : slot)
            start_watch(each.get());
}

void loop_object::start_added() noexcept {
    for (const int fd : std::exchange(core->added, {})) {
        start_watch(watch_of(fd, false));
        start_watch(watch_of(fd, true));
    }
}

// The end ------------------------------------------------------------------------

bool loop_object::has_work(int own_fd) const noexcept {
    if (!core)
        return false;
    const auto waits = [](const auto& each) { return each && each->callback; };
    for (std::size_t fd = 0; fd < core->watches.size(); ++fd)
        if (fd != static_cast<std::size_t>(own_fd) && std::ranges::any_of(core->watches[fd], waits))
            return true;
    return scheduled.first() || unstarted.first() ||
           std::ranges::any_of(core->lanes,
                               [](const auto& each) { return !each.second.ready.empty(); });
}

bool loop_object::take_back() noexcept {
    const acquired_context acquired(context);
    if (!acquired)
        return false;
    try {
        if (core->halting.queued)
            home->withdraw(core->halting);
        if (core->starting.queued)
            home->withdraw(core->starting);
        for (auto& [priority, each] : core->lanes)
            if (each.queued)
                home->withdraw(each);
        for (timer_handle* each = scheduled.first(); each; each = each->following)
            if (!home->cancel(each->clockwork))
                home->withdraw(each->clockwork);
    } catch (const error&) {
        return false;
    }
    end_removed();
    core->added.clear(); // reopen() starts them
    core->halting.queued = false;
    core->starting.queued = false;
    for (auto& [priority, each] : core->lanes)
        each.queued = false;
    return true;
}

void loop_object::begin_flight() noexcept {
    ++flights;
    home->begin_flight();
}

void loop_object::end_flight() noexcept {
    if (flights == 0)
        return; // the loop is closed
    --flights;
    home->end_flight();
}

bool loop_object::let_go() noexcept {
    if (!core)
        return true;
    if (home && !take_back())
        return false;
    while (flights > 0)
        end_flight();
    // What is let go of may run code, which finds an empty loop.
    std::vector<object> released;
    for (timer_list* list : {&scheduled, &unstarted})
        while (timer_handle* each = list->first()) {
            each->scheduled = false;
            list->remove(*each);
            released.push_back(object::adopt(object_of(*each)));
        }
    for (auto& [priority, each] : core->lanes) {
        each.left_in_round = 0;
        while (!each.ready.empty())
            released.push_back(object::adopt(object_of(each.ready.pop())));
    }
    for (std::size_t fd = 0; fd < core->watches.size(); ++fd) {
        remove_watch(static_cast<int>(fd), false);
        remove_watch(static_cast<int>(fd), true);
    }
    return true;
}

} // namespace gawait::python
