#pragma once

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace gawait::test {

/// Forks a child that does `work`, which returns whether it went well, and nothing else: no
/// test goes on there.
template <class Work> pid_t in_child(Work work) {
    const pid_t child = fork();
    if (child == 0)
        _exit(work() && !testing::Test::HasFailure() ? 0 : 1);
    return child;
}

/// Waits for a child's end.
inline bool succeeded(pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// A child that ends at once, and is reaped at the latest with this.
class short_lived_child {
public:
    short_lived_child() : pid_(in_child([] { return true; })) {}
    short_lived_child(const short_lived_child&) = delete;
    short_lived_child& operator=(const short_lived_child&) = delete;
    ~short_lived_child() { waitpid(pid_, nullptr, 0); }

    pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_;
};

} // namespace gawait::test
