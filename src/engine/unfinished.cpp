#include "engine/unfinished.hpp"

#include "engine/engine_state.hpp"
#include "gawait/engine/profile.hpp"

#include <ctime>

namespace gawait {

clock::time_point coarse_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return clock::time_point(std::chrono::seconds(now.tv_sec) +
                             std::chrono::nanoseconds(now.tv_nsec));
}

clock::time_point beginning_now() noexcept {
    return profile::recording ? clock::now() : coarse_now();
}

void unfinished::enter(engine& home) noexcept {
    since_ = beginning_now();
    state_of(home).listed.push(*this);
}

} // namespace gawait
