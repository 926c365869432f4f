#pragma once

#include "engine/job_queue.hpp"
#include "engine/unique_source.hpp"

namespace gawait {

/// The jobs of one GLib priority other than the default, and the source that
/// dispatches them at that priority.
struct lane {
    explicit lane(int of_jobs) noexcept : priority(of_jobs) {}

    const int priority;
    unique_source source;
    job_queue jobs;
    int dispatches = 0; // that are going on, in each other
};

} // namespace gawait
