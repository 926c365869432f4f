#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace gawait::benchmarks {

/// The processor time that this process has used, with all its threads.
inline std::chrono::nanoseconds own_processor_time() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// Calls a function until it has used so much processor time, and prints as JSON what an operation
/// took: of processor time, and of time that passes.
///
/// @param operations is how many of them a call does.
/// @param calls is how many calls are made between looks at the clock.
/// @param seconds of processor time.
template <class Function>
void print_time_of_one(Function&& call, int operations, int calls, double seconds) {
    using clock = std::chrono::steady_clock;
    const auto call_often = [&] {
        for (int left = calls; left > 0; --left)
            call();
    };
    call_often(); // what is made once
    const auto used = own_processor_time();
    const auto began = clock::now();
    const std::chrono::duration<double> time(seconds);
    std::int64_t done = 0;
    do {
        call_often();
        done += std::int64_t(calls) * operations;
    } while (own_processor_time() - used < time);
    const auto of_one = [&](std::chrono::nanoseconds all) {
        return double(all.count()) / double(done);
    };
    std::printf("{\"ns\": %.1f, \"elapsed_ns\": %.1f}\n", of_one(own_processor_time() - used),
                of_one(clock::now() - began));
}

} // namespace gawait::benchmarks
