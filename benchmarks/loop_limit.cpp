// Does by system calls alone what python/work.py does on an event loop, and prints what an
// operation took as JSON: what it costs at least.
//
// usage: loop_limit executor|signals|processes SECONDS

#include "support/check.hpp"
#include "support/descriptor.hpp"
#include "support/timing.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace gawait::benchmarks {
namespace {

void wait_until_readable(const descriptor& watched) {
    pollfd waiting{watched.get(), POLLIN, 0};
    check(poll(&waiting, 1, -1), "poll");
}

/// Calls in another thread, one after the other, each of which wakes the caller up.
class executor {
public:
    void call() {
        {
            const std::lock_guard lock(mutex_);
            wanted_ = true;
        }
        condition_.notify_one();
        wait_until_readable(done_);
        eventfd_t number = 0;
        check(eventfd_read(done_.get(), &number), "eventfd_read");
    }

private:
    void run(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (condition_.wait(lock, stop, [this] { return wanted_; })) {
            wanted_ = false;
            check(eventfd_write(done_.get(), 1), "eventfd_write");
        }
    }

    descriptor done_{check(eventfd(0, EFD_CLOEXEC), "eventfd")};
    std::mutex mutex_;
    std::condition_variable_any condition_;
    bool wanted_ = false;
    std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

void measure_executor(double seconds) {
    executor calls;
    print_time_of_one([&] { calls.call(); }, 1, 500, seconds);
}

/// Signals that the process sends itself, one after the other.
void measure_signals(double seconds) {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    check(sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask");
    const descriptor arrived(check(signalfd(-1, &signals, SFD_CLOEXEC), "signalfd"));
    const auto send_and_receive = [&] {
        check(kill(getpid(), SIGUSR1), "kill");
        wait_until_readable(arrived);
        signalfd_siginfo information{};
        check(read(arrived.get(), &information, sizeof(information)), "read");
    };
    print_time_of_one(send_and_receive, 1, 1000, seconds);
}

/// Processes that are spawned and waited for, ten at a time.
void measure_processes(double seconds) {
    const auto spawn_and_wait = [] {
        std::array<pid_t, 10> children{};
        std::array<char, 10> path{"/bin/true"};
        std::array<char*, 2> arguments{path.data(), nullptr};
        for (auto& child : children)
            if (const int failure =
                    posix_spawn(&child, path.data(), nullptr, nullptr, arguments.data(), environ))
                throw std::system_error(failure, std::generic_category(), "posix_spawn");
        for (const auto child : children)
            check(waitpid(child, nullptr, 0), "waitpid");
    };
    print_time_of_one(spawn_and_wait, 10, 10, seconds);
}

void measure(std::string_view work, double seconds) {
    if (work == "executor")
        measure_executor(seconds);
    else if (work == "signals")
        measure_signals(seconds);
    else if (work == "processes")
        measure_processes(seconds);
    else
        throw std::invalid_argument(std::string(work));
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 3) {
        std::fprintf(stderr, "usage: %s executor|signals|processes SECONDS\n", arguments[0]);
        return EXIT_FAILURE;
    }
    gawait::benchmarks::measure(arguments[1], std::atof(arguments[2]));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "loop_limit: %s\n", failure.what());
    return EXIT_FAILURE;
}
