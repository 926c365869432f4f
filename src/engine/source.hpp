#pragma once

#include "engine/engine_state.hpp"

#include <glib.h>

#include <atomic>
#include <memory>

namespace gawait {

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

    engine_state& operator*() const noexcept { return state_; }
    engine_state* operator->() const noexcept { return &state_; }

private:
    engine_state& state_;
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

} // namespace gawait
