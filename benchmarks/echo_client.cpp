// Has an echo server send back messages over several connections at once, beside others
// that are idle, and prints what a message there and back took as JSON.
//
// usage: echo_client ADDRESS SERVER-PID CONNECTIONS BYTES IDLE-CONNECTIONS SECONDS
//
// ADDRESS   tcp:PORT, unix:PATH, tcp+tls:PORT or unix+tls:PATH

#include "support/check.hpp"
#include "support/server.hpp"
#include "support/stream.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gawait::benchmarks {
namespace {

stream connect_to(const server& server) {
    auto connected = server.connect();
    server::await_accepted(connected);
    connected.set_nonblocking();
    return connected;
}

/// A message at a time goes there, and comes back.
class exchange {
public:
    exchange(stream connected, int poll, const std::vector<char>& message)
        : stream_(std::move(connected)), poll_(poll), message_(message) {
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
        // What this program does with it is not what is measured.
        do {
            const auto received = stream_.drop(left_to_receive_);
            if (!received)
                throw std::runtime_error("the server has closed the connection");
            left_to_receive_ -= *received;
            if (*received == 0)
                break;
        } while (left_to_receive_ > 0 && stream_.has_pending());
        if (left_to_receive_ > 0)
            return false;
        begin();
        return true;
    }

private:
    void begin() {
        left_to_send_ = left_to_receive_ = message_.size();
        send_more();
    }

    void send_more() {
        while (left_to_send_ > 0) {
            const auto sent = stream_.send(std::span(message_).last(left_to_send_));
            if (sent == 0)
                break;
            left_to_send_ -= sent;
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
        check(epoll_ctl(poll_, operation, stream_.fd(), &event), "epoll_ctl");
    }

    stream stream_;
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

void measure(const server& server, int connections, std::size_t bytes, int idle, double seconds) {
    raise_file_limit();
    const descriptor poll(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    const std::vector<char> message(bytes, 'x');
    std::vector<stream> idle_connections{};
    idle_connections.push_back(connect_to(server)); // what the server makes once is made
    const double memory = server.memory();
    while (int(idle_connections.size()) <= idle)
        idle_connections.push_back(connect_to(server));
    const double of_idle = idle > 0 ? (server.memory() - memory) / idle : 0;
    std::vector<exchange> exchanges{};
    exchanges.reserve(std::size_t(connections)); // epoll has their addresses
    while (int(exchanges.size()) < connections)
        exchanges.emplace_back(connect_to(server), poll.get(), message);

    const auto time =
        std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
    run_for(time / 5, poll.get());
    const auto begin = clock::now();
    const auto of_server = server.processor_time();
    const auto of_client = processor_time(getpid());
    const auto trips = double(run_for(time, poll.get()));
    const auto each = [&](std::chrono::nanoseconds all) { return double(all.count()) / trips; };
    std::printf("{\"elapsed_ns\": %.1f, \"ns\": %.1f, \"client_ns\": %.1f, "
                "\"idle_bytes\": %.1f}\n",
                each(clock::now() - begin), each(server.processor_time() - of_server),
                each(processor_time(getpid()) - of_client), of_idle);
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 7) {
        std::fprintf(stderr, "usage: %s ADDRESS SERVER-PID CONNECTIONS BYTES IDLE SECONDS\n",
                     arguments[0]);
        return EXIT_FAILURE;
    }
    gawait::benchmarks::measure({arguments[1], std::atoi(arguments[2])}, std::atoi(arguments[3]),
                                std::size_t(std::atoi(arguments[4])), std::atoi(arguments[5]),
                                std::atof(arguments[6]));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "echo_client: %s\n", failure.what());
    return EXIT_FAILURE;
}
