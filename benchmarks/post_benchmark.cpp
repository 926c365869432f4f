// Queueing something to run later, and running it, against an idle source of GLib's.

#include "gawait/engine/engine.hpp"
#include "support/loop.hpp"

#include <benchmark/benchmark.h>

#include <thread>
#include <vector>

namespace gawait::benchmarks {
namespace {

constexpr int many = 10'000;

/// How much of something is left to run; shared by what runs.
struct countdown {
    int left = 0;
    bool done = false;

    void one_ran() {
        if (--left == 0)
            done = true;
    }
};

class counted_job : public job {
public:
    explicit counted_job(countdown& count) noexcept : job(count_down), count_(count) {}

private:
    static void count_down(job& self) noexcept { static_cast<counted_job&>(self).count_.one_ran(); }

    countdown& count_;
};

gboolean count_down(gpointer count) {
    static_cast<countdown*>(count)->one_ran();
    return G_SOURCE_REMOVE;
}

std::vector<counted_job> jobs_that_count(countdown& count) {
    std::vector<counted_job> jobs;
    jobs.reserve(many);
    for (int made = 0; made < many; ++made)
        jobs.emplace_back(count);
    return jobs;
}

// Each posts the next ------------------------------------------------------------

class chained_job : public job {
public:
    chained_job(engine& home, countdown& count) noexcept
        : job(post_again), home_(home), count_(count) {}

private:
    static void post_again(job& self) noexcept {
        auto& chained = static_cast<chained_job&>(self);
        chained.count_.one_ran();
        if (!chained.count_.done)
            chained.home_.post(self);
    }

    engine& home_;
    countdown& count_;
};

void chain_of_jobs(benchmark::State& state) {
    const auto home = engine::get();
    for (auto _ : state) {
        countdown count{many};
        chained_job chained(*home, count);
        home->post(chained);
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

gboolean add_again(gpointer data) {
    auto& count = *static_cast<countdown*>(data);
    count.one_ran();
    if (!count.done)
        g_idle_add(add_again, data);
    return G_SOURCE_REMOVE;
}

void chain_of_idles(benchmark::State& state) {
    for (auto _ : state) {
        countdown count{many};
        g_idle_add(add_again, &count);
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

BENCHMARK(chain_of_jobs)->Name("post/chain/gawait");
BENCHMARK(chain_of_idles)->Name("post/chain/g_idle_add");

// Many at once -------------------------------------------------------------------

void batch_of_jobs(benchmark::State& state) {
    const auto home = engine::get();
    countdown count;
    auto jobs = jobs_that_count(count);
    for (auto _ : state) {
        count = {many};
        for (auto& each : jobs)
            home->post(each);
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

void batch_of_idles(benchmark::State& state) {
    for (auto _ : state) {
        countdown count{many};
        for (int added = 0; added < many; ++added)
            g_idle_add(count_down, &count);
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

BENCHMARK(batch_of_jobs)->Name("post/batch/gawait");
BENCHMARK(batch_of_idles)->Name("post/batch/g_idle_add");

// From another thread ------------------------------------------------------------

void jobs_of_another_thread(benchmark::State& state) {
    const auto home = engine::get();
    countdown count;
    auto jobs = jobs_that_count(count);
    for (auto _ : state) {
        count = {many};
        const std::jthread other([&] {
            for (auto& each : jobs)
                home->post(each);
        });
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

void idles_of_another_thread(benchmark::State& state) {
    for (auto _ : state) {
        countdown count{many};
        const std::jthread other([&] {
            for (int added = 0; added < many; ++added)
                g_idle_add(count_down, &count);
        });
        iterate_until(count.done);
    }
    state.counters["operations"] = many;
}

BENCHMARK(jobs_of_another_thread)->Name("post/from another thread/gawait")->UseRealTime();
BENCHMARK(idles_of_another_thread)->Name("post/from another thread/g_idle_add")->UseRealTime();

} // namespace
} // namespace gawait::benchmarks
