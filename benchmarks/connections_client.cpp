// Makes connections to an echo server one after the other, several at a time, each for one
// message there and back, and prints what one took as JSON.
//
// usage: connections_client ADDRESS SERVER-PID AT-ONCE BYTES NUMBER
//
// ADDRESS   tcp:PORT or unix:PATH

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
#include <memory>
#include <stdexcept>
#include <vector>

namespace gawait::benchmarks {
namespace {

/// A connection after the other.
class visitor {
public:
    visitor(const server& server, int poll, const std::vector<char>& message)
        : server_(server), poll_(poll), message_(message) {}

    void begin() {
        stream_ = std::make_unique<stream>(server_.connect());
        left_to_receive_ = message_.size();
        if (stream_->send(message_) != message_.size())
            throw std::runtime_error("the message is larger than the socket's buffer");
        stream_->set_nonblocking();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = this;
        check(epoll_ctl(poll_, EPOLL_CTL_ADD, stream_->fd(), &event), "epoll_ctl");
    }

    /// Returns whether the message came back, after which the connection is closed.
    bool on_ready() {
        const auto received = stream_->drop(left_to_receive_);
        if (!received)
            throw std::runtime_error("the server has closed the connection");
        left_to_receive_ -= *received;
        if (left_to_receive_ > 0)
            return false;
        stream_.reset();
        return true;
    }

private:
    const server& server_;
    int poll_;
    const std::vector<char>& message_;
    std::unique_ptr<stream> stream_;
    std::size_t left_to_receive_ = 0;
};

void visit(const server& server, int at_once, std::size_t bytes, std::int64_t number) {
    const descriptor poll(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    const std::vector<char> message(bytes, 'x');
    std::vector<visitor> visitors;
    visitors.reserve(std::size_t(at_once)); // epoll has their addresses
    while (int(visitors.size()) < at_once)
        visitors.emplace_back(server, poll.get(), message);
    std::int64_t left_to_begin = number, left_to_end = number;
    const auto begin_one = [&](visitor& each) {
        if (left_to_begin-- > 0)
            each.begin();
    };
    for (auto& each : visitors)
        begin_one(each);
    std::array<epoll_event, 64> ready{};
    while (left_to_end > 0) {
        const int events =
            check(epoll_wait(poll.get(), ready.data(), int(ready.size()), 5000), "epoll_wait");
        if (events == 0)
            throw std::runtime_error("the server does not answer");
        for (int index = 0; index < events; ++index) {
            auto& each = *static_cast<visitor*>(ready[std::size_t(index)].data.ptr);
            if (!each.on_ready())
                continue;
            --left_to_end;
            begin_one(each);
        }
    }
}

void measure(const server& server, int at_once, std::size_t bytes, std::int64_t number) {
    using clock = std::chrono::steady_clock;
    visit(server, at_once, bytes, number / 10);
    const auto begin = clock::now();
    const auto of_server = server.processor_time();
    const auto of_client = processor_time(getpid());
    visit(server, at_once, bytes, number);
    const auto each = [&](std::chrono::nanoseconds all) {
        return double(all.count()) / double(number);
    };
    std::printf("{\"elapsed_ns\": %.1f, \"ns\": %.1f, \"client_ns\": %.1f}\n",
                each(clock::now() - begin), each(server.processor_time() - of_server),
                each(processor_time(getpid()) - of_client));
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 6) {
        std::fprintf(stderr, "usage: %s ADDRESS SERVER-PID AT-ONCE BYTES NUMBER\n", arguments[0]);
        return EXIT_FAILURE;
    }
    gawait::benchmarks::measure({arguments[1], std::atoi(arguments[2])}, std::atoi(arguments[3]),
                                std::size_t(std::atoi(arguments[4])), std::atoi(arguments[5]));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "connections_client: %s\n", failure.what());
    return EXIT_FAILURE;
}
