#pragma once

#include "gawait/ref.hpp"

#include <glib.h>

#include <vector>

namespace gawait::benchmarks {

/// Sources on the default main context that are never ready and, being of a low priority,
/// not even looked at while something else is.
///
/// GLib rebuilds its table of sources every few times that one is added, the more often
/// the fewer there are; how often exactly is a matter of chance that would be measured
/// instead of what is to be measured.
class other_sources {
public:
    other_sources() {
        for (int attached = 0; attached < 1000; ++attached) {
            sources_.push_back(ref<GSource>::adopt(g_source_new(&functions_, sizeof(GSource))));
            g_source_set_priority(sources_.back(), G_PRIORITY_LOW);
            g_source_attach(sources_.back(), nullptr);
        }
    }

    other_sources(const other_sources&) = delete;
    other_sources& operator=(const other_sources&) = delete;

    ~other_sources() {
        for (const auto& each : sources_)
            g_source_destroy(each);
    }

private:
    static inline GSourceFuncs functions_{};

    std::vector<ref<GSource>> sources_;
};

} // namespace gawait::benchmarks
