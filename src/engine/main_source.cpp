#include "engine/engine_state.hpp"
#include "engine/source.hpp"

#include <optional>

namespace gawait {
namespace {

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

GSourceFuncs main_functions = {
    .prepare = [](GSource* source, int* timeout) -> gboolean {
        return visit(main_source::of(source).state)->prepare(*timeout);
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

} // namespace

engine_state& engine_state::attach_to(GMainContext* context) {
    auto* source = new_source<main_source>(main_functions, G_PRIORITY_DEFAULT, "[gawait] engine");
    std::construct_at(&source->held);
    try {
        source->held.emplace(context, &source->base);
    } catch (...) {
        g_source_unref(&source->base);
        throw;
    }
    engine_state& created = *source->held;
    // Not g_source_add_unix_fd(): whatever check() says, it would make the source ready.
    source->polled = {created.polled.fd(), G_IO_IN, 0};
    g_source_add_poll(&source->base, &source->polled);
    source->state.store(&created, std::memory_order_release);
    // Nothing calls the callback; its destruction tells that of the source.
    g_source_set_callback(
        &source->base, [](gpointer) -> gboolean { return G_SOURCE_REMOVE; }, &created,
        [](gpointer state) { static_cast<engine_state*>(state)->close(); });
    g_source_attach(&source->base, context);
    return created;
}

bool engine_state::prepare(int& timeout) noexcept {
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
    if (deadline == clock::time_point::max() && !polled.watching()) {
        polled.arm(deadline);
        return ++idle_iterations == idle_iterations_to_park;
    }
    const auto now = clock::now();
    if (deadline <= time.at(now))
        return true;
    // GLib is about to block, unless another source is ready: whether one is, nobody tells, so
    // closed descriptors are looked for now and then, and once before a long wait.
    polled.arm(time.when(deadline));
    if (!polled.watching())
        return false;
    if (now >= polled.next_probe())
        return polled.probe_closed(now, [this](job& work) { queue(work); });
    timeout = std::chrono::ceil<std::chrono::duration<int, std::milli>>(polled.next_probe() - now)
                  .count();
    return false;
}

bool engine_state::check(bool polled_ready) noexcept {
    time.end_wait();
    return !yielded && (polled_ready || !jobs.empty() || !posted.empty());
}

void engine_state::dispatch(bool polled_ready) noexcept {
    const bool raised = yielded;
    if (raised)
        take_turn_back();
    run_turn(polled_ready || raised);
}

} // namespace gawait
