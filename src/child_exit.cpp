#include "gawait/child_exit.hpp"

#include "engine/unique_fd.hpp"
#include "gawait/engine/flight.hpp"
#include "gawait/fd.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>

namespace gawait {

// Not by g_child_watch_source_new(): it reaps the child before it tells, and a wait that is
// cancelled in between would lose the status.
task<int> child_exit(GPid pid) {
    // A pidfd would tell of any process, but the status is only for its parent.
    siginfo_t none;
    if (waitid(P_PID, id_t(pid), &none, WEXITED | WNOHANG | WNOWAIT) < 0)
        throw error::from_errno(errno, "waiting for a child process");
    // The wrapper pidfd_open() came with glibc 2.36.
    const unique_fd process(int(syscall(SYS_pidfd_open, pid, 0)));
    if (process.get() < 0)
        throw error::from_errno(errno, "waiting for a child process");
    {
        const flight child(*(co_await detail::current_environment()).home);
        co_await readable(process.get());
    }
    int status = 0;
    if (waitpid(pid, &status, 0) < 0)
        throw error::from_errno(errno, "waiting for a child process");
    co_return status;
}

} // namespace gawait
