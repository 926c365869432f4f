#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace gawait::test {

/// Owns a file descriptor.
class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {
        if (fd < 0)
            throw std::system_error(errno, std::generic_category(), "no file descriptor");
    }

    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    descriptor& operator=(descriptor other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~descriptor() { close(); }

    int get() const { return fd_; }

    /// Leaves it to the caller to close it.
    int release() { return std::exchange(fd_, -1); }

    void close() {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

    /// @return whether all of it went in.
    bool write(std::string_view data) const {
        return ::write(fd_, data.data(), data.size()) == ssize_t(data.size());
    }

    /// What there is to read, up to 4096 bytes.
    std::string read() const {
        std::string data(4096, '\0');
        const ssize_t got = ::read(fd_, data.data(), data.size());
        data.resize(std::size_t(got > 0 ? got : 0));
        return data;
    }

    /// Writes until the descriptor takes no more. It must not block.
    void fill() const {
        const std::string block(4096, 'x');
        while (::write(fd_, block.data(), block.size()) > 0) {
        }
    }

    /// Reads until there is no more. It must not block.
    void drain() const {
        while (!read().empty()) {
        }
    }

private:
    int fd_;
};

/// Two ends of something.
class descriptor_pair {
public:
    descriptor first;
    descriptor second;

    /// The read end comes first.
    static descriptor_pair pipe() {
        int ends[2];
        return made(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), ends);
    }

    static descriptor_pair sockets() {
        int ends[2];
        return made(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
                    ends);
    }

private:
    static descriptor_pair made(int outcome, const int (&ends)[2]) {
        if (outcome < 0)
            throw std::system_error(errno, std::generic_category(), "no pair of descriptors");
        return {descriptor(ends[0]), descriptor(ends[1])};
    }
};

} // namespace gawait::test
