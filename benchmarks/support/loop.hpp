#pragma once

#include <glib.h>

namespace gawait::benchmarks {

/// Runs the default main context until something has happened.
inline void iterate_until(const bool& done) {
    while (!done)
        g_main_context_iteration(nullptr, TRUE);
}

} // namespace gawait::benchmarks
