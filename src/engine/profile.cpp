#include "gawait/engine/profile.hpp"

#ifdef GAWAIT_HAS_SYSPROF
#include <sysprof-capture.h>
#endif

namespace gawait::profile {

#ifdef GAWAIT_HAS_SYSPROF

bool recording = (sysprof_collector_init(), sysprof_collector_is_active());

void mark(clock::time_point began, const char* name, const char* message) noexcept {
    const auto time = began.time_since_epoch();
    const auto duration = clock::now() - began;
    sysprof_collector_mark(time.count(), duration.count(), "gawait", name, message);
}

#else

bool recording = false;

void mark(clock::time_point /*began*/, const char* /*name*/, const char* /*message*/) noexcept {}

#endif

} // namespace gawait::profile
