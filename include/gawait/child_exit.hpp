#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/task.hpp"

#include <glib.h>

namespace gawait {

/// Suspends until a child process has ended, reaps it, and gives its wait status, to be
/// read with `g_spawn_check_wait_status()` or `WEXITSTATUS()`.
///
/// @param pid a child of this process that nobody else waits for. (For a `GSubprocess`
///     await `g_subprocess_wait_async`.)
/// @throws cancelled; the child is not reaped then, and can be awaited again.
/// @throws error the `errno` of `pidfd_open()` or `waitpid()`, if there is no such process
///     or it is not a child of this one.
GAWAIT_API task<int> child_exit(GPid pid);

} // namespace gawait
