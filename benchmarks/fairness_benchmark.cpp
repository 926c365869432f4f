// How long a source at the priority of GTK's redraw waits while jobs that post themselves
// again for ever would take all the time there is.

#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"
#include "support/loop.hpp"

#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace gawait::benchmarks {
namespace {

constexpr int redraw_priority = 120; // GDK_PRIORITY_REDRAW
constexpr std::size_t samples = 1'000;

class endless_job : public job {
public:
    explicit endless_job(engine& home) noexcept : job(post_again), home_(home) { home.post(*this); }
    endless_job(const endless_job&) = delete;
    endless_job& operator=(const endless_job&) = delete;

    /// Lets it run out, so that it is not queued any more.
    ~endless_job() {
        ending_ = true;
        iterate_until(ended_);
    }

private:
    static void post_again(job& self) noexcept {
        auto& endless = static_cast<endless_job&>(self);
        if (endless.ending_)
            endless.ended_ = true;
        else
            endless.home_.post(self);
    }

    engine& home_;
    bool ending_ = false;
    bool ended_ = false;
};

/// Becomes ready again and again, after irregular pauses, and notes how late it is
/// dispatched, unless the thread was preempted meanwhile.
class late_source {
public:
    late_source() : source_(ref<GSource>::adopt(g_source_new(&functions_, sizeof(noting)))) {
        reinterpret_cast<noting*>(source_.get())->owner = this;
        g_source_set_priority(source_, redraw_priority);
        get_ready_later();
        g_source_attach(source_, nullptr);
    }

    late_source(const late_source&) = delete;
    late_source& operator=(const late_source&) = delete;
    ~late_source() { g_source_destroy(source_); }

    const bool& done() const noexcept { return done_; }

    /// In microseconds, least first.
    std::vector<gint64> lateness() const {
        auto sorted = lateness_;
        std::ranges::sort(sorted);
        return sorted;
    }

private:
    struct noting {
        GSource base;
        late_source* owner;
    };

    static gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
        auto& self = *reinterpret_cast<noting*>(source)->owner;
        if (preemptions() == self.preemptions_before_)
            self.lateness_.push_back(g_get_monotonic_time() - g_source_get_ready_time(source));
        self.done_ = self.lateness_.size() == samples;
        self.get_ready_later();
        return G_SOURCE_CONTINUE;
    }

    /// How often the kernel took the processor away. It is not for the engine to answer
    /// for, and other programs are at work when benchmarks run.
    static long preemptions() {
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        return usage.ru_nivcsw;
    }

    void get_ready_later() {
        preemptions_before_ = preemptions();
        g_source_set_ready_time(source_, g_get_monotonic_time() + pause_(random_));
    }

    static inline GSourceFuncs functions_{.prepare = nullptr,
                                          .check = nullptr,
                                          .dispatch = dispatch,
                                          .finalize = nullptr,
                                          .closure_callback = nullptr,
                                          .closure_marshal = nullptr};

    ref<GSource> source_;
    long preemptions_before_ = 0;
    std::mt19937 random_{3};
    std::uniform_int_distribution<gint64> pause_{0, 2'000};
    std::vector<gint64> lateness_;
    bool done_ = false;
};

void lateness_beside_endless_jobs(benchmark::State& state) {
    const auto home = engine::get();
    std::vector<gint64> lateness;
    for (auto _ : state) {
        const endless_job busy(*home);
        const late_source late;
        iterate_until(late.done());
        lateness = late.lateness();
    }
    state.counters["median"] = double(lateness[samples / 2]);
    state.counters["p99"] = double(lateness[samples * 99 / 100]);
    state.counters["max"] = double(lateness.back());
    state.counters["budget"] =
        double(std::chrono::duration_cast<std::chrono::microseconds>(engine::turn_budget).count());
}

BENCHMARK(lateness_beside_endless_jobs)->Name("fairness/gawait")->Iterations(1);

} // namespace
} // namespace gawait::benchmarks
