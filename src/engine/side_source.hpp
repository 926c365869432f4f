#pragma once

#include "engine/source.hpp"

namespace gawait {

/// A source beside the main one, which it keeps: another thread may release the engine
/// while GLib asks this source something.
struct side_source {
    GSource base;
    std::atomic<engine_state*> state;
    lane* which;

    static side_source& of(GSource* source) noexcept {
        return *reinterpret_cast<side_source*>(source);
    }

    /// Attaches one. To be called under `sources_lock`.
    ///
    /// @param which the lane, where it is a lane's source.
    /// @return null where there is no context any more, or no user.
    static unique_source attach(engine_state& engine, GSourceFuncs& functions, int priority,
                                const char* name, lane* which = nullptr) noexcept;

    static void finalize(GSource* source) noexcept {
        g_source_unref(of(source).state.load(std::memory_order_acquire)->main);
    }
};

/// The functions of a side source that is dispatched once, as soon as nothing better is
/// ready. `Dispatch` is to destroy it.
template <void (engine_state::*Dispatch)() noexcept>
GSourceFuncs dispatched_once = {
    .prepare = [](GSource*, int*) -> gboolean { return TRUE; },
    .check = nullptr,
    .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
        const visit here(side_source::of(source).state);
        ((*here).*Dispatch)();
        return G_SOURCE_CONTINUE;
    },
    .finalize = side_source::finalize,
    .closure_callback = nullptr,
    .closure_marshal = nullptr,
};

} // namespace gawait
