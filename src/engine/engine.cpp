#include "gawait/engine/engine.hpp"

#include "engine/engine_state.hpp"
#include "engine/turn.hpp"
#include "gawait/error.hpp"

namespace gawait {
namespace {

/// After how many things whoever runs outside of a turn has done enough.
constexpr unsigned things_without_turn = 32;

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

std::vector<const unfinished*> engine::all_unfinished() const {
    const engine_state& self = state_of(*this);
    const owner_scope owner(self);
    std::vector<const unfinished*> all;
    self.listed.for_each([&](const unfinished& each) { all.push_back(&each); });
    return all;
}

counters engine::read_counters() const {
    const engine_state& self = state_of(*this);
    const owner_scope owner(self);
    counters read = self.counts;
    read.operations = operations();
    return read;
}

void engine::reset_longest_turn() {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    self.counts.longest_turn = {};
}

std::size_t engine::rounds() const noexcept { return state_of(*this).rounds_begun; }

bool engine::tick() noexcept {
    engine_state& self = state_of(*this);
    if (self.dispatching.load(std::memory_order_relaxed) != std::this_thread::get_id())
        [[unlikely]] {
        // Who began this, and when, is not known.
        static thread_local unsigned things = 0;
        return ++things % things_without_turn == 0;
    }
    turn& current = *self.current;
    return current.watch.tick() && current.spent();
}

bool engine::next_round() noexcept {
    engine_state& self = state_of(*this);
    turn& current = *self.current;
    const auto must_wait = [&] { return !self.jobs.empty() || self.better_lane_ready; };
    self.take_inbox();
    if (must_wait() || current.spent())
        return false;
    self.queue_ready(current, engine_state::descriptors::not_looked_at);
    if (current.of_lane && must_wait())
        return false;
    self.begin_round();
    return true;
}

void engine::resume(job& work) noexcept {
    engine_state& self = state_of(*this);
    if (work.priority() != G_PRIORITY_DEFAULT) {
        self.lane_of(work.priority()).jobs.push_front(work);
        return;
    }
    self.jobs.push_front(work);
    ++self.left_in_round;
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

clock::time_point engine::now() const noexcept { return state_of(*this).time.now(); }

void engine::begin_virtual_time() {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    if (self.time.is_virtual())
        throw error(G_IO_ERROR_EXISTS, "the main context has virtual time already");
    self.be_virtual();
}

void engine::end_virtual_time() noexcept { state_of(*this).be_real(); }

bool engine::has_virtual_time() const noexcept { return state_of(*this).time.is_virtual(); }

void engine::watch(fd_watch& watch) {
    engine_state& self = state_of(*this);
    const owner_scope owner(self);
    self.polled.watch(watch, [&](job& work) { self.queue(work); });
    self.be_needed();
}

void engine::unwatch(fd_watch& watch) noexcept { state_of(*this).polled.unwatch(watch); }

bool engine::is_registered(const fd_watch& watch) const noexcept {
    return state_of(*this).polled.is_registered(watch);
}

void engine::add(close_hook& hook) noexcept { state_of(*this).hooks.add(hook); }

bool engine::call(close_hook::function which) noexcept { return state_of(*this).hooks.call(which); }

void engine::remove(close_hook& hook) noexcept { state_of(*this).hooks.remove(hook); }

} // namespace gawait
