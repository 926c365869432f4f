#pragma once

#include <glib.h>

#include <memory>

namespace gawait {

/// Owns a reference to a `GSource`, which it destroys first.
struct source_destroyer {
    void operator()(GSource* source) const noexcept {
        // A context that is being destroyed has let go of its sources and destroys them
        // itself; it would leak what somebody else destroys before.
        if (!g_source_is_destroyed(source) && g_source_get_context(source))
            g_source_destroy(source);
        g_source_unref(source);
    }
};
using unique_source = std::unique_ptr<GSource, source_destroyer>;

} // namespace gawait
