#include "engine/side_source.hpp"

namespace gawait {

unique_source side_source::attach(engine_state& engine, GSourceFuncs& functions, int priority,
                                  const char* name, lane* which) noexcept {
    GMainContext* to = engine.attachable_context();
    if (!to)
        return nullptr;
    auto* source = new_source<side_source>(functions, priority, name);
    source->which = which;
    source->state.store(&engine, std::memory_order_release);
    g_source_ref(engine.main);
    g_source_attach(&source->base, to);
    return unique_source(&source->base);
}

GMainContext* engine_state::attachable_context() const noexcept {
    return users.load(std::memory_order_relaxed) > 0 ? context.load(std::memory_order_relaxed)
                                                     : nullptr;
}

void engine_state::detach() noexcept {
    const std::lock_guard guard(sources_lock);
    continuation.reset();
    unparking.reset();
    for (auto& [priority, each] : lanes)
        each.source.reset();
}

} // namespace gawait
