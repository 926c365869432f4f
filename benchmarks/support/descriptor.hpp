#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace gawait::benchmarks {

/// Owns a file descriptor.
class descriptor {
public:
    explicit descriptor(int owned) noexcept : fd_(owned) {}
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }

    int get() const noexcept { return fd_; }

private:
    int fd_;
};

/// Lets the process open as many files as it may.
inline void raise_file_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace gawait::benchmarks
