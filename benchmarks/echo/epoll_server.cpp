// Sends back what comes, by system calls alone, until its input ends: what an echo costs at
// least.
//
// usage: echo_epoll tcp|unix:PATH [CERTIFICATE]
//
// Prints its address as its first line. With a certificate it speaks TLS.

#include "support/check.hpp"
#include "support/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gawait::benchmarks {
namespace {

/// What is received goes here first, whoever sent it.
std::array<char, std::size_t(256) * 1024> received;

/// A client.
class session {
public:
    session(descriptor socket, SSL_CTX* tls, int poll)
        : stream_(std::move(socket), tls), poll_(poll) {
        control(EPOLL_CTL_ADD, EPOLLIN);
    }

    int fd() const noexcept { return stream_.fd(); }

    /// Returns whether it goes on: the other side has not closed the connection.
    bool on_ready(std::uint32_t events) try {
        if (events & EPOLLOUT)
            return send_rest();
        do {
            const auto length = stream_.receive(received);
            if (!length)
                return false;
            const auto data = std::span(received).first(*length);
            const auto rest = send(data);
            if (!rest.empty()) {
                // The next is received when this has been sent.
                unsent_.assign(rest.begin(), rest.end());
                control(EPOLL_CTL_MOD, EPOLLOUT);
                return true;
            }
        } while (stream_.has_pending());
        return true;
    } catch (const std::runtime_error&) {
        return false; // its connection was reset
    }

private:
    /// Returns what could not be sent at once.
    std::span<const char> send(std::span<const char> data) {
        while (!data.empty()) {
            const auto sent = stream_.send(data);
            if (sent == 0)
                break;
            data = data.subspan(sent);
        }
        return data;
    }

    bool send_rest() {
        const auto rest = send(unsent_);
        unsent_.erase(unsent_.begin(), unsent_.end() - std::ptrdiff_t(rest.size()));
        if (unsent_.empty())
            control(EPOLL_CTL_MOD, EPOLLIN);
        return true;
    }

    void control(int operation, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = this;
        check(epoll_ctl(poll_, operation, fd(), &event), "epoll_ctl");
    }

    stream stream_;
    int poll_;
    std::vector<char> unsent_;
};

descriptor listen_on(int family, const auto& address) {
    descriptor listening(
        check(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    check(bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
          "bind");
    check(listen(listening.get(), 4096), "listen");
    return listening;
}

/// Returns the socket, and prints where it listens.
descriptor listen_on(const std::string& where, bool with_tls) {
    const char* const tls = with_tls ? "+tls" : "";
    if (where.starts_with("unix:")) {
        const auto path = where.substr(5);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        auto listening = listen_on(AF_UNIX, address);
        std::printf("unix%s:%s\n", tls, path.c_str());
        return listening;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto listening = listen_on(AF_INET, address);
    socklen_t length = sizeof(address);
    check(getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length), "name");
    std::printf("tcp%s:%d\n", tls, ntohs(address.sin_port));
    return listening;
}

/// Watches a descriptor that is no session's.
void watch(int poll, const descriptor& watched) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = const_cast<descriptor*>(&watched); // only compared
    check(epoll_ctl(poll, EPOLL_CTL_ADD, watched.get(), &event), "epoll_ctl");
}

void serve(const std::string& where, const char* certificate) {
    raise_file_limit();
    const tls_context tls = certificate ? server_tls(certificate) : tls_context();
    const descriptor listening = listen_on(where, certificate != nullptr);
    std::fflush(stdout);
    const descriptor input(check(dup(STDIN_FILENO), "dup"));
    const descriptor poll(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    watch(poll.get(), listening);
    watch(poll.get(), input);
    std::unordered_map<session*, std::unique_ptr<session>> sessions;

    const auto accept_all = [&] {
        for (;;) {
            descriptor accepted(
                accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (accepted.get() < 0)
                return;
            if (where == "tcp") {
                const int on = 1;
                check(setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)),
                      "TCP_NODELAY");
            }
            auto owned = std::make_unique<session>(std::move(accepted), tls.get(), poll.get());
            sessions.emplace(owned.get(), std::move(owned));
        }
    };

    std::array<epoll_event, 256> ready{};
    for (;;) {
        const int events =
            check(epoll_wait(poll.get(), ready.data(), int(ready.size()), -1), "epoll_wait");
        for (const auto& event : std::span(ready).first(std::size_t(events))) {
            if (event.data.ptr == &input)
                return;
            if (event.data.ptr == &listening) {
                accept_all();
                continue;
            }
            auto* const ready_one = static_cast<session*>(event.data.ptr);
            if (!ready_one->on_ready(event.events))
                sessions.erase(ready_one);
        }
    }
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 2 && count != 3) {
        std::fprintf(stderr, "usage: %s tcp|unix:PATH [CERTIFICATE]\n", arguments[0]);
        return EXIT_FAILURE;
    }
    gawait::benchmarks::serve(arguments[1], count == 3 ? arguments[2] : nullptr);
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "echo_epoll: %s\n", failure.what());
    return EXIT_FAILURE;
}
