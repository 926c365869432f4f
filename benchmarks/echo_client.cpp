// Has an echo server send back messages over several connections at once, beside others
// that are idle, and prints what a message there and back took as JSON.
//
// usage: echo_client PORT SERVER-PID CONNECTIONS BYTES IDLE-CONNECTIONS SECONDS

#include "support/descriptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace gawait::benchmarks {
namespace {

int check(int result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

/// The processor time that a process has used.
std::chrono::nanoseconds processor_time(pid_t process) {
    clockid_t clock{};
    if (const int failure = clock_getcpuclockid(process, &clock))
        throw std::system_error(failure, std::generic_category(), "clock_getcpuclockid");
    timespec used{};
    check(clock_gettime(clock, &used), "clock_gettime");
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

descriptor connect_to(std::uint16_t port) {
    descriptor connected(check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int on = 1;
    check(setsockopt(connected.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
    // Closed at once: thousands of connections would else use up the ports for a minute.
    const linger none{1, 0};
    check(setsockopt(connected.get(), SOL_SOCKET, SO_LINGER, &none, sizeof(none)), "SO_LINGER");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
          "connect");
    // A byte there and back: now the server has accepted it.
    char byte = 0;
    check(int(send(connected.get(), &byte, 1, 0)), "send");
    check(int(recv(connected.get(), &byte, 1, 0)), "recv");
    return connected;
}

/// A message at a time goes there, and comes back.
class exchange {
public:
    exchange(std::uint16_t port, int poll, const std::vector<char>& message)
        : socket_(connect_to(port)), poll_(poll), message_(message) {
        control(EPOLL_CTL_ADD, EPOLLIN);
        begin();
    }

    /// Returns whether a message came back, after which the next one is sent.
    bool on_ready(std::uint32_t events) {
        if (events & (EPOLLERR | EPOLLHUP))
            throw std::runtime_error("the server has closed the connection");
        if (events & EPOLLOUT)
            send_more();
        if (!(events & EPOLLIN))
            return false;
        // Dropped in the kernel: what this program does is not what is measured.
        const auto received = recv(socket_.get(), nullptr, left_to_receive_, flags | MSG_TRUNC);
        if (received == 0)
            throw std::runtime_error("the server has closed the connection");
        left_to_receive_ -= std::size_t(check(int(received), "recv"));
        if (left_to_receive_ > 0)
            return false;
        begin();
        return true;
    }

private:
    static constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

    void begin() {
        left_to_send_ = left_to_receive_ = message_.size();
        send_more();
    }

    void send_more() {
        while (left_to_send_ > 0) {
            const auto sent =
                send(socket_.get(), &*(message_.end() - std::ptrdiff_t(left_to_send_)),
                     left_to_send_, flags);
            if (sent < 0 && errno == EAGAIN)
                break;
            left_to_send_ -= std::size_t(check(int(sent), "send"));
        }
        if (waiting_to_send_ != (left_to_send_ > 0)) {
            waiting_to_send_ = !waiting_to_send_;
            control(EPOLL_CTL_MOD, waiting_to_send_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
        }
    }

    void control(int operation, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = this;
        check(epoll_ctl(poll_, operation, socket_.get(), &event), "epoll_ctl");
    }

    descriptor socket_;
    int poll_;
    const std::vector<char>& message_;
    std::size_t left_to_send_ = 0;
    std::size_t left_to_receive_ = 0;
    bool waiting_to_send_ = false;
};

using clock = std::chrono::steady_clock;

/// Lets messages go there and back for a while; returns how many did.
std::int64_t run_for(clock::duration time, int poll) {
    std::array<epoll_event, 64> ready{};
    std::int64_t trips = 0;
    for (const auto end = clock::now() + time; clock::now() < end;) {
        const int number = check(epoll_wait(poll, ready.data(), int(ready.size()), 1000), "wait");
        if (number == 0)
            throw std::runtime_error("the server does not answer");
        for (int index = 0; index < number; ++index)
            trips += static_cast<exchange*>(ready[std::size_t(index)].data.ptr)
                         ->on_ready(ready[std::size_t(index)].events);
    }
    return trips;
}

void measure(std::uint16_t port, pid_t server, int connections, std::size_t bytes, int idle,
             double seconds) {
    raise_file_limit();
    std::vector<descriptor> idle_connections;
    while (int(idle_connections.size()) < idle)
        idle_connections.push_back(connect_to(port));
    const descriptor poll(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    const std::vector<char> message(bytes, 'x');
    std::vector<exchange> exchanges;
    exchanges.reserve(std::size_t(connections)); // epoll has their addresses
    while (int(exchanges.size()) < connections)
        exchanges.emplace_back(port, poll.get(), message);

    const auto time =
        std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    run_for(time / 5, poll.get());
    const auto begin = clock::now();
    const auto of_server = processor_time(server);
    const auto of_client = processor_time(getpid());
    const auto trips = double(run_for(time, poll.get()));
    const auto each = [&](std::chrono::nanoseconds all) { return double(all.count()) / trips; };
    std::printf("{\"ns\": %.1f, \"server_ns\": %.1f, \"client_ns\": %.1f}\n",
                each(clock::now() - begin), each(processor_time(server) - of_server),
                each(processor_time(getpid()) - of_client));
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 7) {
        std::fprintf(stderr, "usage: %s PORT SERVER-PID CONNECTIONS BYTES IDLE SECONDS\n",
                     arguments[0]);
        return EXIT_FAILURE;
    }
    gawait::benchmarks::measure(std::uint16_t(std::atoi(arguments[1])), std::atoi(arguments[2]),
                                std::atoi(arguments[3]), std::size_t(std::atoi(arguments[4])),
                                std::atoi(arguments[5]), std::atof(arguments[6]));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "echo_client: %s\n", failure.what());
    return EXIT_FAILURE;
}
