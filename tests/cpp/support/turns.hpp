#pragma once

#include "gawait/task.hpp"
#include "gawait/yield.hpp"

namespace gawait::test {

/// Lets tasks that were just spawned, or are about to end, run until they wait.
inline task<> let_others_run() {
    for (int round = 0; round < 4; ++round)
        co_await yield();
}

} // namespace gawait::test
