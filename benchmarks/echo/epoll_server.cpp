// Sends back what comes over TCP, by nothing but system calls: what any echo server costs at least.
//
// Prints its port, and ends with its input.

#include "support/descriptor.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace gawait::benchmarks {
namespace {

int check(int result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

descriptor listening() {
    descriptor made(
        check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    check(bind(made.get(), general, length), "bind");
    check(listen(made.get(), 4096), "listen");
    check(getsockname(made.get(), general, &length), "getsockname");
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return made;
}

class server {
public:
    void run() {
        watch(STDIN_FILENO, EPOLLIN);
        watch(listening_.get(), EPOLLIN);
        std::array<epoll_event, 256> ready{};
        for (;;) {
            const int count =
                check(epoll_wait(poll_.get(), ready.data(), int(ready.size()), -1), "epoll_wait");
            for (int index = 0; index < count; ++index) {
                const epoll_event& each = ready[std::size_t(index)];
                if (each.data.fd == STDIN_FILENO)
                    return;
                if (each.data.fd == listening_.get())
                    accept_all();
                else
                    serve(each.data.fd, each.events);
            }
        }
    }

private:
    struct connection {
        descriptor socket;
        std::vector<char> unsent; // while that is not empty, nothing is read
    };

    void watch(int fd, std::uint32_t events, int operation = EPOLL_CTL_ADD) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        check(epoll_ctl(poll_.get(), operation, fd, &event), "epoll_ctl");
    }

    void accept_all() {
        for (;;) {
            const int fd =
                accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd < 0)
                return;
            if (connections_.size() <= std::size_t(fd))
                connections_.resize(std::size_t(fd) + 1);
            connections_[std::size_t(fd)] = std::make_unique<connection>(descriptor(fd));
            watch(fd, EPOLLIN);
        }
    }

    void serve(int fd, std::uint32_t events) {
        connection& from = *connections_[std::size_t(fd)];
        if (events & EPOLLOUT) {
            std::vector<char> rest = std::exchange(from.unsent, {});
            if (!send_back(from, rest.data(), rest.size()))
                return;
            if (from.unsent.empty())
                watch(fd, EPOLLIN, EPOLL_CTL_MOD);
            return;
        }
        const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            connections_[std::size_t(fd)].reset();
            return;
        }
        if (send_back(from, buffer_.data(), std::size_t(got)) && !from.unsent.empty())
            watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
    }

    /// @return whether the connection still is.
    bool send_back(connection& to, const char* data, std::size_t size) {
        const int fd = to.socket.get();
        const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            connections_[std::size_t(fd)].reset();
            return false;
        }
        const auto done = std::size_t(sent < 0 ? 0 : sent);
        if (done < size)
            to.unsent.assign(data + done, data + size);
        return true;
    }

    descriptor poll_{check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
    descriptor listening_ = listening();
    std::vector<std::unique_ptr<connection>> connections_; // by descriptor
    std::array<char, 256 * 1024> buffer_;
};

} // namespace
} // namespace gawait::benchmarks

int main() {
    gawait::benchmarks::raise_file_limit();
    static gawait::benchmarks::server server; // its buffer is large
    server.run();
}
