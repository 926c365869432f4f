#include "engine/engine_state.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace gawait {

struct engine_registry {
    std::mutex lock;
    std::map<GMainContext*, engine_state*> engines;
};

/// For gdb/gawait.py.
// NOLINTNEXTLINE(misc-use-internal-linkage): gdb finds it by its name
constinit engine_registry* registered_engines = nullptr;

namespace {

engine_registry& registry() {
    // Never destroyed: engines are released by static objects and by threads that
    // outlive main().
    alignas(engine_registry) static std::byte memory[sizeof(engine_registry)];
    static auto* const instance = registered_engines =
        std::construct_at(reinterpret_cast<engine_registry*>(memory));
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

} // namespace

void engine_state::leave_registry() noexcept {
    const std::lock_guard guard(registry().lock);
    forget(*this);
}

engine_ref engine::get(GMainContext* context) {
    context = context_or_thread_default(context);
    const std::lock_guard guard(registry().lock);
    auto& engines = registry().engines;
    if (const auto found = engines.find(context); found != engines.end())
        return engine_ref(*found->second);

    engine_ref created;
    created.engine_ = &engine_state::attach_to(context);
    engines.emplace(context, &state_of(*created));
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

} // namespace gawait
