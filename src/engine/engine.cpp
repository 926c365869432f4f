#include "gawait/engine/engine.hpp"

#include "engine/engine_state.hpp"
#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

namespace gawait {
namespace {

engine_state& state_of(engine& self) noexcept { return static_cast<engine_state&>(self); }

const engine_state& state_of(const engine& self) noexcept {
    return static_cast<const engine_state&>(self);
}

// The registry -------------------------------------------------------------------

struct engine_registry {
    std::mutex lock;
    std::map<GMainContext*, engine_state*> engines;
};

engine_registry& registry() {
    // Never destroyed: engines are released by static objects and by threads that
    // outlive main().
    alignas(engine_registry) static std::byte memory[sizeof(engine_registry)];
    static auto* const instance = std::construct_at(reinterpret_cast<engine_registry*>(memory));
    return *instance;
}

/// Under the registry's lock.
void forget(const engine_state& gone) noexcept {
    std::erase_if(registry().engines, [&](const auto& each) { return each.second == &gone; });
}

GMainContext* context_or_thread_default(GMainContext* context) noexcept {
    if (!context)
        context = g_main_context_get_thread_default();
    return context ? context : g_main_context_default();
}

// The sources --------------------------------------------------------------------

/// A call from GLib into a source of an engine. GLib's locks and reference counts order it
/// between the attaching and the finalizing, which may happen on other threads; this says
/// so in terms of C++, for tools that do not see into GLib.
class visit {
public:
    explicit visit(const std::atomic<engine_state*>& visited) noexcept
        : state_(*visited.load(std::memory_order_acquire)) {}

    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { state_.visited.store(true, std::memory_order_release); }

    engine_state* operator->() const noexcept { return &state_; }

private:
    engine_state& state_;
};

struct main_source {
    GSource base;
    std::atomic<engine_state*> state;
    GPollFD polled;
    std::optional<engine_state> held;

    static main_source& of(GSource* source) noexcept {
        return *reinterpret_cast<main_source*>(source);
    }

    bool polled_ready() const noexcept { return polled.revents & G_IO_IN; }
};

/// A source beside the main one, which it keeps: another thread may release the engine
/// while GLib asks this source something.
struct side_source {
    GSource base;
    std::atomic<engine_state*> state;
    lane* which; // of a lane's source

    static side_source& of(GSource* source) noexcept {
        return *reinterpret_cast<side_source*>(source);
    }

    static void finalize(GSource* source) noexcept {
        g_source_unref(of(source).state.load(std::memory_order_acquire)->main);
    }
};

GSourceFuncs main_functions = {
    .prepare = [](GSource* source, int*) -> gboolean {
        return visit(main_source::of(source).state)->prepare();
    },
    .check = [](GSource* source) -> gboolean {
        auto& self = main_source::of(source);
        return visit(self.state)->check(self.polled_ready());
    },
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        auto& self = main_source::of(source);
        visit(self.state)->dispatch(self.polled_ready());
        return G_SOURCE_CONTINUE;
    },
    .finalize =
        [](GSource* source) {
            auto& self = main_source::of(source);
            self.state.load(std::memory_order_acquire); // see class visit
            std::destroy_at(&self.held);
        },
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

GSourceFuncs continuation_functions = {
    .prepare = [](GSource*, int*) -> gboolean { return TRUE; },
    .check = nullptr,
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        visit(side_source::of(source).state)->dispatch_continuation();
        return G_SOURCE_CONTINUE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

GSourceFuncs unparking_functions = {
    .prepare = [](GSource*, int*) -> gboolean { return TRUE; },
    .check = nullptr,
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        visit(side_source::of(source).state)->unpark();
        return G_SOURCE_REMOVE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

GSourceFuncs lane_functions = {
    .prepare = [](GSource* source, int*) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        // GLib may not get as far as the main source.
        here->take_inbox();
        return !self.which->jobs.empty();
    },
    .check = [](GSource* source) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        return !self.which->jobs.empty();
    },
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        auto& self = side_source::of(source);
        const visit here(self.state);
        here->dispatch_lane(*self.which);
        return G_SOURCE_CONTINUE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

template <class Source>
Source* new_source(GSourceFuncs& functions, int priority, const char* name) noexcept {
    GSource* source = g_source_new(&functions, sizeof(Source));
    g_source_set_priority(source, priority);
    g_source_set_static_name(source, name);
    // A job may iterate the context: what it waits for runs here as well.
    g_source_set_can_recurse(source, TRUE);
    auto* created = reinterpret_cast<Source*>(source);
    std::construct_at(&created->state, nullptr);
    return created;
}

/// What a side source is for.
struct side_source_kind {
    GSourceFuncs& functions;
    int priority;
    const char* name;
    lane* which = nullptr;
};

const side_source_kind continuation_kind{continuation_functions, engine::continuation_priority,
                                         "[gawait] continuation"};
const side_source_kind unparking_kind{unparking_functions, G_PRIORITY_DEFAULT,
                                      "[gawait] unparking"};

unique_source attach_side_source(engine_state& state, const side_source_kind& kind,
                                 GMainContext* context) noexcept {
    auto* source = new_source<side_source>(kind.functions, kind.priority, kind.name);
    source->which = kind.which;
    source->state.store(&state, std::memory_order_release);
    g_source_ref(state.main);
    g_source_attach(&source->base, context);
    return unique_source(&source->base);
}

// Turns --------------------------------------------------------------------------

/// How long descriptors may be ready unnoticed while jobs keep a turn going.
constexpr std::chrono::microseconds poll_interval{100};

/// Reads the clock only so often that the reading costs little beside the jobs.
class stopwatch {
public:
    clock::time_point now() const noexcept { return now_; }
    clock::duration elapsed() const noexcept { return now_ - begin_; }

    /// To be called once a job.
    ///
    /// @return whether it read the clock.
    bool tick() noexcept {
        if (--until_reading_ > 0) [[likely]]
            return false;
        const auto previous = std::exchange(now_, clock::now());
        stride_ = now_ - previous < negligible ? std::min(stride_ * 2, longest_stride) : 1;
        until_reading_ = stride_;
        return true;
    }

private:
    static constexpr std::chrono::microseconds negligible{10};
    static constexpr int longest_stride = 32;

    clock::time_point begin_ = clock::now();
    clock::time_point now_ = begin_;
    int stride_ = 1;
    int until_reading_ = 1;
};

} // namespace

/// Marks, for the C++ scope in which jobs run, the thread that runs them.
class turn {
public:
    explicit turn(engine_state& state) noexcept
        : source_(ref<GSource>::retain(state.main)), state_(state), thread_default_(state),
          outer_thread_(
              state.dispatching.exchange(std::this_thread::get_id(), std::memory_order_relaxed)),
          outer_(std::exchange(state.current, this)) {}

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    ~turn() {
        if (at_end)
            at_end();
        state_.current = outer_;
        state_.dispatching.store(outer_thread_, std::memory_order_relaxed);
    }

    bool spent() const noexcept { return watch.elapsed() >= engine::turn_budget; }

    stopwatch watch;
    clock::time_point next_poll = watch.now() + poll_interval;
    void (*at_end)() noexcept = nullptr;

private:
    // First, so that it goes last: with it may go the engine.
    ref<GSource> source_;
    engine_state& state_;
    thread_default_scope thread_default_;
    // Of the turn in one of whose jobs this one is nested.
    std::thread::id outer_thread_;
    turn* outer_;
};

namespace {

/// After how many iterations in which there was nothing to do the engine parks: so many
/// that an engine that is used now and then does not park and unpark all the time.
constexpr int idle_iterations_to_park = 64;

} // namespace

engine_state::engine_state(GMainContext* for_context, GSource* main_source)
    : context(for_context),
      thread_default(for_context == g_main_context_default() ? nullptr : for_context),
      main(main_source) {}

engine_state::~engine_state() {
    // In a child after fork() there are none of the threads that were posting.
    while (posting.load(std::memory_order_acquire) > 0 && getpid() == process)
        std::this_thread::yield();
    visited.load(std::memory_order_acquire);
    released.load(std::memory_order_acquire);
}

bool engine_state::prepare() noexcept {
    if (parked.load(std::memory_order_relaxed)) {
        polled.arm(clock::time_point::max());
        return false;
    }
    take_inbox();
    if (yielded)
        return clock::now() >= raise_at;
    // The source of a better lane was asked before this one.
    if (!jobs.empty() || better_lane_ready)
        return true;
    const auto deadline = timers.next_deadline();
    if (deadline != clock::time_point::max() && deadline <= clock::now())
        return true;
    // GLib is about to block, unless another source is ready.
    polled.arm(deadline);
    if (timers.empty() && !polled.watching())
        return ++idle_iterations == idle_iterations_to_park;
    return polled.probe_closed([this](job& work) { queue(work); });
}

bool engine_state::check(bool polled_ready) noexcept {
    return !yielded && (polled_ready || !jobs.empty() || !posted.empty());
}

void engine_state::dispatch(bool polled_ready) noexcept {
    const bool raised = yielded;
    if (raised)
        take_turn_back();
    run_turn(polled_ready || raised);
}

void engine_state::dispatch_continuation() noexcept {
    take_turn_back();
    run_turn(true);
}

// The continuation source is there only while it is needed: each source costs every
// iteration of the context something.
void engine_state::give_way() noexcept {
    yielded = true;
    raise_at = clock::now() + longest_wait;
    const std::lock_guard guard(sources_lock);
    if (GMainContext* to = attachable_context())
        continuation = attach_side_source(*this, continuation_kind, to);
}

void engine_state::take_turn_back() noexcept {
    yielded = false;
    spent_since = {};
    const std::lock_guard guard(sources_lock);
    continuation.reset();
}

void engine_state::dispatch_lane(lane& which) noexcept {
    turn self(*this);
    // A nested iteration may run part of this round.
    for (auto left = which.jobs.size(); left > 0 && !which.jobs.empty(); --left) {
        which.jobs.pop().run();
        self.watch.tick();
        if (self.spent())
            break;
    }
}

void engine_state::run_turn(bool poll_first) noexcept {
    turn self(*this);
    const auto began = self.watch.now();
    better_lane_ready = false;
    const bool idle = std::exchange(idle_iterations, 0) >= idle_iterations_to_park;
    while (!closed.load(std::memory_order_relaxed) && !better_lane_ready) {
        if (left_in_round == 0) {
            if (!begin_round(self.watch.now(), poll_first) || better_lane_ready)
                break;
            poll_first = false;
        }
        --left_in_round;
        jobs.pop().run();
        self.watch.tick();
        if (self.spent())
            break;
        if (self.watch.now() >= self.next_poll) {
            poll_first = true;
            self.next_poll = self.watch.now() + poll_interval;
        }
    }
    // Turns that are short but follow each other without a pause hold up worse
    // priorities as well, so they share one budget.
    spent_since += clock::now() - began;
    if (spent_since >= turn_budget && !yielded)
        give_way();
    else if (idle)
        park();
}

bool engine_state::begin_round(clock::time_point now, bool poll_first) noexcept {
    const auto enqueue = [this](job& work) { queue(work); };
    take_inbox();
    if (poll_first)
        polled.poll(enqueue);
    while (timer* due = timers.pop_due(now))
        queue(*due);
    // Before the turn ends: one look at the descriptors here costs less than an
    // iteration of the context. Timers and other threads announce themselves.
    if (jobs.empty() && !poll_first && polled.watching())
        polled.poll(enqueue);
    left_in_round = jobs.size();
    if (left_in_round == 0)
        return false;
    ++rounds_begun;
    return true;
}

// A source costs every iteration of its context about as much as two awaits, so an engine
// that has nothing to do for a while, because its coroutines wait for GIO, makes way: GLib
// does not look at a source as long as one of a better priority is ready.
void engine_state::park() noexcept {
    if (!jobs.empty() || !timers.empty() || polled.watching())
        return;
    set_main_priority(G_MAXINT);
    parked.store(true, std::memory_order_relaxed);
    // Either this sees what another thread posts, or that sees that it has to unpark.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!posted.empty())
        be_needed();
}

// By a source that does it when it is dispatched: GLib does not bear that the priority of
// a source changes while it asks it something, which another thread cannot know.
void engine_state::be_needed() noexcept {
    if (!parked.load(std::memory_order_relaxed)) [[likely]]
        return;
    const std::lock_guard guard(sources_lock);
    GMainContext* to = attachable_context();
    if (to && parked.exchange(false, std::memory_order_relaxed))
        unparking = attach_side_source(*this, unparking_kind, to);
}

void engine_state::unpark() noexcept {
    {
        const std::lock_guard guard(sources_lock);
        unparking.reset();
    }
    set_main_priority(G_PRIORITY_DEFAULT);
    run_turn(true);
}

void engine_state::set_main_priority(int priority) noexcept {
    const std::lock_guard guard(sources_lock);
    // GLib would poll the descriptor of a destroyed source again.
    if (attachable_context())
        g_source_set_priority(main, priority);
}

void engine_state::queue(job& work) noexcept {
    be_needed();
    if (work.priority() == G_PRIORITY_DEFAULT) [[likely]] {
        jobs.push(work);
        return;
    }
    lane_of(work.priority()).jobs.push(work);
    better_lane_ready |= work.priority() < G_PRIORITY_DEFAULT;
}

lane& engine_state::lane_of(int priority) noexcept {
    for (const auto& each : lanes)
        if (each->priority == priority)
            return *each;
    const std::lock_guard guard(sources_lock);
    lane& added = *lanes.emplace_back(std::make_unique<lane>(priority));
    if (GMainContext* to = attachable_context())
        added.source =
            attach_side_source(*this, {lane_functions, priority, "[gawait] lane", &added}, to);
    return added;
}

GMainContext* engine_state::attachable_context() const noexcept {
    return users.load(std::memory_order_relaxed) > 0 ? context.load(std::memory_order_relaxed)
                                                     : nullptr;
}

void engine_state::detach() noexcept {
    const std::lock_guard guard(sources_lock);
    continuation.reset();
    unparking.reset();
    for (const auto& each : lanes)
        each->source.reset();
}

void engine_state::take_inbox() noexcept {
    posted.drain([this](job& work) { queue(work); });
}

bool engine_state::withdraw(job& work) noexcept {
    take_inbox();
    if (jobs.remove(work)) {
        left_in_round = std::min(left_in_round, jobs.size());
        return true;
    }
    return std::ranges::any_of(lanes, [&](const auto& each) { return each->jobs.remove(work); });
}

/// The context is gone: what waits here for something is told, and runs to its end
/// as far as it can without a main loop.
void engine_state::close() noexcept {
    {
        const std::lock_guard guard(registry().lock);
        forget(*this);
    }
    {
        const std::lock_guard guard(sources_lock);
        context.store(nullptr, std::memory_order_relaxed);
    }
    if (users.load(std::memory_order_relaxed) == 0)
        return; // released, and so nothing is waiting
    const turn self(*this);
    const auto finish = [this] {
        do
            call_hooks();
        while (run_all_queued());
    };
    finish();
    // Other threads are refused from now on; what they had got in until then still runs.
    posted.close([this](job& work) { queue(work); });
    finish();
    closed.store(true, std::memory_order_relaxed);
    timers.clear();
    polled.clear();
    visited.exchange(true, std::memory_order_acq_rel);
}

void engine_state::add_hook(close_hook& hook) noexcept {
    const std::lock_guard guard(hooks_lock);
    hook.next_ = hooks;
    if (hooks)
        hooks->previous_ = &hook;
    hooks = &hook;
}

void engine_state::remove_hook(close_hook& hook) noexcept {
    const std::lock_guard guard(hooks_lock);
    if (hook.previous_)
        hook.previous_->next_ = hook.next_;
    else if (hooks == &hook)
        hooks = hook.next_;
    if (hook.next_)
        hook.next_->previous_ = hook.previous_;
    hook.previous_ = hook.next_ = nullptr;
}

void engine_state::call_hooks() noexcept {
    const std::lock_guard guard(hooks_lock);
    while (close_hook* hook = hooks) {
        remove_hook(*hook);
        hook->run_(*hook);
    }
}

bool engine_state::run_all_queued() noexcept {
    bool any = false;
    const auto run_all = [&](job_queue& from) {
        for (; !from.empty(); any = true)
            from.pop().run();
    };
    take_inbox();
    run_all(jobs);
    // By position: a job may add a lane.
    for (std::size_t index = 0; index < lanes.size(); ++index)
        run_all(lanes[index]->jobs);
    left_in_round = 0;
    return any;
}

// The public face ----------------------------------------------------------------

namespace {

/// Holds the context for a change to what only its owner may touch.
class owner_scope {
public:
    explicit owner_scope(const engine_state& state)
        : acquired_(state.on_owner_thread() ? nullptr : state.context.load()) {
        if (acquired_ && !g_main_context_acquire(acquired_))
            throw error(
                G_IO_ERROR_INVALID_ARGUMENT,
                "a gawait engine was used from a thread that does not own its main context");
    }

    owner_scope(const owner_scope&) = delete;
    owner_scope& operator=(const owner_scope&) = delete;

    ~owner_scope() {
        if (acquired_)
            g_main_context_release(acquired_);
    }

private:
    GMainContext* acquired_;
};

} // namespace

engine_ref engine::get(GMainContext* context) {
    context = context_or_thread_default(context);
    const std::lock_guard guard(registry().lock);
    auto& engines = registry().engines;
    if (const auto found = engines.find(context); found != engines.end())
        return engine_ref(*found->second);

    auto* source = new_source<main_source>(main_functions, G_PRIORITY_DEFAULT, "[gawait] engine");
    std::construct_at(&source->held);
    engine_ref created;
    try {
        created.engine_ = &source->held.emplace(context, &source->base);
    } catch (...) {
        g_source_unref(&source->base);
        throw;
    }
    engines.emplace(context, &*source->held);
    // Not g_source_add_unix_fd(): whatever check() says, it would make the source ready.
    source->polled = {source->held->polled.fd(), G_IO_IN, 0};
    g_source_add_poll(&source->base, &source->polled);
    source->state.store(&*source->held, std::memory_order_release);
    // Nothing calls the callback; its destruction tells that of the source.
    g_source_set_callback(
        &source->base, [](gpointer) -> gboolean { return G_SOURCE_REMOVE; }, &*source->held,
        [](gpointer state) { static_cast<engine_state*>(state)->close(); });
    g_source_attach(&source->base, context);
    return created;
}

engine_ref engine::find(GMainContext* context) noexcept {
    context = context_or_thread_default(context);
    const std::lock_guard guard(registry().lock);
    const auto& engines = registry().engines;
    const auto found = engines.find(context);
    return found != engines.end() ? engine_ref(*found->second) : engine_ref();
}

void engine::acquire() noexcept { state_of(*this).users.fetch_add(1, std::memory_order_relaxed); }

void engine::release() noexcept {
    engine_state& self = state_of(*this);
    unsigned users = self.users.load(std::memory_order_relaxed);
    while (users > 1)
        if (self.users.compare_exchange_weak(users, users - 1, std::memory_order_acq_rel))
            return;
    {
        // Under the lock nobody can find the engine and revive it.
        const std::lock_guard guard(registry().lock);
        if (self.users.fetch_sub(1, std::memory_order_acq_rel) > 1)
            return;
        forget(self);
    }
    const unique_source main(self.main);
    self.detach();
    self.released.store(true, std::memory_order_release);
}

GMainContext* engine::context() const noexcept {
    return state_of(*this).context.load(std::memory_order_relaxed);
}

bool engine::on_owner_thread() const noexcept {
    const engine_state& self = state_of(*this);
    if (self.dispatching.load(std::memory_order_relaxed) == std::this_thread::get_id())
        return true;
    // Not g_main_context_is_owner(): it would touch a context that its owner may
    // just be destroying.
    GSource* source = g_main_current_source();
    return source && g_source_get_context(source) == self.context.load(std::memory_order_relaxed);
}

bool engine::is_thread_default() const noexcept {
    return g_main_context_get_thread_default() == state_of(*this).thread_default;
}

bool engine::post(job& work) noexcept {
    engine_state& self = state_of(*this);
    if (on_owner_thread()) {
        if (self.closed.load(std::memory_order_relaxed))
            return false;
        // What this thread posted while it was not iterating comes first.
        self.take_inbox();
        self.queue(work);
        return true;
    }
    // The job may run, and release the engine, before it is woken.
    self.posting.fetch_add(1, std::memory_order_relaxed);
    const auto outcome = self.posted.push(work);
    if (outcome == inbox::pushed::first) {
        std::atomic_thread_fence(std::memory_order_seq_cst); // see park()
        self.be_needed();
        self.polled.wake();
    }
    self.posting.fetch_sub(1, std::memory_order_release);
    return outcome != inbox::pushed::refused;
}

bool engine::withdraw(job& work) {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    return self.withdraw(work);
}

std::size_t engine::rounds() const noexcept { return state_of(*this).rounds_begun; }

bool engine::tick() noexcept {
    turn& current = *state_of(*this).current;
    return current.watch.tick() && current.spent();
}

bool engine::next_round() noexcept {
    engine_state& self = state_of(*this);
    const turn& current = *self.current;
    const bool alone = self.jobs.empty() && self.posted.empty() && !self.better_lane_ready &&
                       !self.timers.may_be_due(current.watch.now()) &&
                       current.watch.now() < current.next_poll && !current.spent();
    if (alone)
        ++self.rounds_begun;
    return alone;
}

void engine::at_turn_end(void (*function)() noexcept) noexcept {
    state_of(*this).current->at_end = function;
}

bool engine::has_turn_end() const noexcept { return state_of(*this).current->at_end; }

void engine::start(timer& work, clock::time_point deadline) {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    self.timers.push(work, deadline);
    self.be_needed();
}

bool engine::cancel(timer& work) noexcept { return state_of(*this).timers.cancel(work); }

void engine::watch(fd_watch& watch) {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    self.polled.watch(watch, [&](job& work) { self.queue(work); });
    self.be_needed();
}

void engine::unwatch(fd_watch& watch) noexcept { state_of(*this).polled.unwatch(watch); }

void engine::add(close_hook& hook) noexcept { state_of(*this).add_hook(hook); }

void engine::remove(close_hook& hook) noexcept { state_of(*this).remove_hook(hook); }

} // namespace gawait
