#include "gawait/engine/engine.hpp"

#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::always_ready;
using test::descriptor_pair;
using test::reposting;
using test::watcher;

constexpr int redraw_priority = 120; // GDK_PRIORITY_REDRAW

/// The most iterations in which sources of a worse priority must get a turn, a few
/// times over, beside an engine that always has work.
constexpr int enough_iterations = 1000;

struct engine_fairness : test::engine_fixture {
    int redraws = 0, idles = 0;
    std::optional<always_ready> redraw, idle;

    /// Ready until they were dispatched ten times each.
    void add_sources() {
        redraw.emplace(context.get(), redraw_priority, [this] {
            if (++redraws == 10)
                redraw->stop();
        });
        idle.emplace(context.get(), G_PRIORITY_DEFAULT_IDLE, [this] {
            if (++idles == 10)
                idle->stop();
        });
    }

    void expect_sources_get_their_turn() {
        for (int left = enough_iterations; left > 0 && idles < 10; --left)
            g_main_context_iteration(context.get(), TRUE);
        EXPECT_EQ(redraws, 10);
        EXPECT_EQ(idles, 10);
    }
};

TEST_F(engine_fairness, jobs_that_post_themselves_for_ever_let_worse_priorities_run) {
    reposting forever(*home);
    home->post(forever);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(forever.runs, 0);
    forever.stop = true;
    settle();
}

TEST_F(engine_fairness, jobs_that_other_threads_post_for_ever_let_worse_priorities_run) {
    std::atomic<bool> stop = false;
    std::atomic<int> queued = 0;
    struct counted : job {
        counted() : job([](job& self) noexcept { --*static_cast<counted&>(self).queued_; }) {}
        std::atomic<int>* queued_ = nullptr;
    };
    std::vector<counted> jobs(1000);
    for (counted& each : jobs)
        each.queued_ = &queued;
    std::thread poster([&] {
        while (!stop) {
            while (queued > 0 && !stop)
                std::this_thread::yield();
            if (stop)
                break;
            queued = int(jobs.size());
            for (counted& each : jobs)
                home->post(each);
        }
    });
    add_sources();
    // Not bounded by a number of iterations: those depend on the other thread's pace.
    EXPECT_TRUE(until([&] { return idles == 10; }));
    EXPECT_EQ(redraws, 10);
    stop = true;
    poster.join();
    EXPECT_TRUE(until([&] { return queued == 0; }));
}

TEST_F(engine_fairness, descriptors_that_are_ready_for_ever_let_worse_priorities_run) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher&) { ++calls; });
    home->watch(readable);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    home->unwatch(readable);
}

TEST_F(engine_fairness, jobs_and_descriptors_together_let_worse_priorities_run) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher&) { ++calls; });
    home->watch(readable);
    reposting forever(*home);
    home->post(forever);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    EXPECT_GT(forever.runs, 0);
    forever.stop = true;
    home->unwatch(readable);
    settle();
}

TEST_F(engine_fairness, a_timer_that_is_always_due_lets_worse_priorities_run) {
    bool stop = false;
    int calls = 0;
    alarm* again = nullptr;
    alarm always([&] {
        ++calls;
        if (!stop)
            home->start(*again, clock::time_point::min());
    });
    again = &always;
    home->start(always, clock::time_point::min());
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    stop = true;
    settle();
}

TEST_F(engine_fairness, one_round_that_is_longer_than_a_turn_lets_worse_priorities_run) {
    int ran = 0;
    std::vector<std::unique_ptr<action>> jobs;
    for (int index = 0; index < 100; ++index) {
        jobs.push_back(std::make_unique<action>([&] {
            ++ran;
            std::this_thread::sleep_for(100us);
        }));
        home->post(*jobs.back());
    }
    int ran_before_redraw = -1;
    always_ready source(context.get(), redraw_priority, [&] {
        ran_before_redraw = ran;
        source.stop();
    });
    EXPECT_TRUE(until([&] { return ran == 100; }));
    EXPECT_GT(ran_before_redraw, 0);
    EXPECT_LT(ran_before_redraw, 100);
}

TEST_F(engine_fairness, a_source_that_is_always_ready_does_not_starve_jobs_that_post_themselves) {
    for (const int priority : {redraw_priority, G_PRIORITY_DEFAULT_IDLE}) {
        int dispatched = 0;
        const always_ready source(context.get(), priority, [&] { ++dispatched; });
        reposting forever(*home);
        home->post(forever);
        // Again and again after the engine gave way.
        for (int time = 0; time < 5; ++time) {
            const int before = dispatched;
            EXPECT_TRUE(until([&] { return dispatched > before; }));
            const int runs = forever.runs;
            EXPECT_TRUE(until([&] { return forever.runs > runs; }));
        }
        forever.stop = true;
        EXPECT_TRUE(until([&] { return !engine::find() || forever.stop; }));
        const int runs = forever.runs;
        EXPECT_TRUE(until([&] { return forever.runs == runs + 1; }));
    }
}

TEST_F(engine_fairness, jobs_of_a_worse_priority_run_beside_ones_that_post_themselves) {
    reposting forever(*home);
    action worse(logs('w'), 10);
    home->post(forever);
    home->post(worse);
    for (int left = enough_iterations; left > 0 && log.empty(); --left)
        g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(log, "w");
    forever.stop = true;
    settle();
}

} // namespace
} // namespace gawait
