// Timers, against GLib's timeouts.

#include "gawait/engine/engine.hpp"
#include "support/loop.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <random>
#include <vector>

namespace gawait::benchmarks {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t many = 100'000;
constexpr std::size_t some = 1'000;

std::vector<milliseconds> random_lengths(std::size_t number, milliseconds least,
                                         milliseconds most) {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> length(int(least.count()), int(most.count()));
    std::vector<milliseconds> lengths(number);
    std::ranges::generate(lengths, [&] { return milliseconds(length(random)); });
    return lengths;
}

std::vector<std::size_t> random_order(std::size_t number) {
    std::vector<std::size_t> order(number);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::shuffle(order, std::mt19937(2));
    return order;
}

class counted_timer : public timer {
public:
    explicit counted_timer(std::size_t& left) noexcept : timer(expire), left_(left) {}

private:
    static void expire(job& self) noexcept {
        --static_cast<counted_timer&>(static_cast<timer&>(self)).left_;
    }

    std::size_t& left_;
};

std::vector<counted_timer> timers_that_count(std::size_t number, std::size_t& left) {
    std::vector<counted_timer> timers;
    timers.reserve(number);
    for (std::size_t made = 0; made < number; ++made)
        timers.emplace_back(left);
    return timers;
}

gboolean expire(gpointer left) {
    --*static_cast<std::size_t*>(left);
    return G_SOURCE_REMOVE;
}

/// Runs a measurement in a job, where programs start their timers.
class measuring_job : public job {
public:
    measuring_job(engine& home, benchmark::State& state,
                  void (*measure)(engine&, benchmark::State&)) noexcept
        : job(run), home_(home), state_(state), measure_(measure) {
        home.post(*this);
        iterate_until(done_);
    }

private:
    static void run(job& self) noexcept {
        auto& measuring = static_cast<measuring_job&>(self);
        measuring.measure_(measuring.home_, measuring.state_);
        measuring.done_ = true;
    }

    engine& home_;
    benchmark::State& state_;
    void (*measure_)(engine&, benchmark::State&);
    bool done_ = false;
};

// Started all, then cancelled in another order -----------------------------------

void cancel_timers(engine& home, benchmark::State& state) {
    const auto lengths = random_lengths(many, milliseconds(60'000), milliseconds(600'000));
    const auto order = random_order(many);
    std::size_t left = many;
    auto timers = timers_that_count(many, left);
    for (auto _ : state) {
        for (std::size_t index = 0; index < many; ++index)
            home.start(timers[index], clock::now() + lengths[index]);
        for (const std::size_t index : order)
            home.cancel(timers[index]);
    }
    state.counters["operations"] = many;
}

void cancelled_timers(benchmark::State& state) {
    const auto home = engine::get();
    measuring_job(*home, state, cancel_timers);
}

void cancelled_timeouts(benchmark::State& state) {
    const auto lengths = random_lengths(many, milliseconds(60'000), milliseconds(600'000));
    const auto order = random_order(many);
    std::size_t left = many;
    std::vector<guint> timeouts(many);
    for (auto _ : state) {
        for (std::size_t index = 0; index < many; ++index)
            timeouts[index] = g_timeout_add(guint(lengths[index].count()), expire, &left);
        for (const std::size_t index : order)
            g_source_remove(timeouts[index]);
    }
    state.counters["operations"] = many;
}

BENCHMARK(cancelled_timers)->Name("timers/cancelled/gawait");
BENCHMARK(cancelled_timeouts)->Name("timers/cancelled/g_timeout_add");

// Started and expired ------------------------------------------------------------

void expired_timers(benchmark::State& state) {
    const auto home = engine::get();
    const auto lengths = random_lengths(some, milliseconds(0), milliseconds(2));
    std::size_t left = 0;
    auto timers = timers_that_count(some, left);
    for (auto _ : state) {
        left = some;
        for (std::size_t index = 0; index < some; ++index)
            home->start(timers[index], clock::now() + lengths[index]);
        while (left > 0) // NOLINT(bugprone-infinite-loop): the timers count down
            g_main_context_iteration(nullptr, TRUE);
    }
    state.counters["operations"] = some;
}

void expired_timeouts(benchmark::State& state) {
    const auto lengths = random_lengths(some, milliseconds(0), milliseconds(2));
    std::size_t left = 0;
    for (auto _ : state) {
        left = some;
        for (std::size_t index = 0; index < some; ++index)
            g_timeout_add(guint(lengths[index].count()), expire, &left);
        while (left > 0)
            g_main_context_iteration(nullptr, TRUE);
    }
    state.counters["operations"] = some;
}

BENCHMARK(expired_timers)->Name("timers/expired/gawait");
BENCHMARK(expired_timeouts)->Name("timers/expired/g_timeout_add");

} // namespace
} // namespace gawait::benchmarks
