#include "gawait/engine/counters.hpp"

#include "gawait/engine/engine.hpp"
#include "gawait/error.hpp"
#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::descriptor_pair;
using test::reposting;
using test::watcher;

struct engine_counters : test::engine_fixture {
    counters now() const { return home->read_counters(); }
};

TEST_F(engine_counters, begin_at_nothing) {
    EXPECT_EQ(now().callbacks, 0U);
    EXPECT_EQ(now().turns, 0U);
    EXPECT_EQ(now().polls, 0U);
    EXPECT_EQ(now().operations, 0U);
    EXPECT_EQ(now().longest_turn, 0ns);
}

TEST_F(engine_counters, tell_of_jobs_of_each_priority_timers_and_descriptors_once_each) {
    auto ends = descriptor_pair::pipe();
    ends.second.write("x");
    action usual(logs('j')), low(logs('l'), G_PRIORITY_LOW), high(logs('h'), G_PRIORITY_HIGH);
    alarm timer(logs('t'));
    watcher readable(ends.first.get(), G_IO_IN, [&](watcher& self) {
        log += 'd';
        home->unwatch(self);
    });
    for (action* each : {&usual, &low, &high})
        home->post(*each);
    home->start(timer, clock::now());
    home->watch(readable);
    EXPECT_TRUE(until_logged(5));
    settle();
    EXPECT_EQ(now().callbacks, 5U);
    EXPECT_GE(now().polls, 1U);
}

TEST_F(engine_counters, tell_of_one_look_at_descriptors_for_a_wake_up_by_another_thread) {
    auto ends = descriptor_pair::pipe();
    watcher idle(ends.first.get(), G_IO_IN, [](watcher&) {});
    home->watch(idle);
    settle();
    const auto before = now().polls;
    action posted(logs('a'));
    std::thread([&] { home->post(posted); }).join();
    EXPECT_TRUE(until_logged(1));
    EXPECT_EQ(now().polls - before, 1U);
    home->unwatch(idle);
}

TEST_F(engine_counters, tell_nothing_of_a_job_that_was_withdrawn) {
    action taken_back(logs('a')), stays(logs('b'));
    home->post(taken_back);
    home->post(stays);
    EXPECT_TRUE(home->withdraw(taken_back));
    settle();
    EXPECT_EQ(now().callbacks, 1U);
}

TEST_F(engine_counters, tell_of_a_turn_while_it_runs) {
    counters seen;
    action looks([&] {
        seen = now();
        log += 'a';
    });
    home->post(looks);
    EXPECT_TRUE(until_logged(1));
    EXPECT_EQ(seen.turns, 1U);
    EXPECT_EQ(seen.callbacks, 1U);
    EXPECT_EQ(seen.longest_turn, 0ns);
}

TEST_F(engine_counters, tell_of_many_rounds_in_one_turn) {
    reposting round(*home, G_PRIORITY_DEFAULT, 10);
    home->post(round);
    EXPECT_TRUE(until([&] { return round.runs == 10; }));
    EXPECT_EQ(now().callbacks, 10U);
    EXPECT_LT(now().turns, 10U);
}

struct longest_turn : engine_counters, testing::WithParamInterface<int> {
    /// Runs as many jobs, of which the one blocks.
    void run_jobs(int count, int blocking, std::chrono::milliseconds length) {
        std::vector<std::unique_ptr<action>> jobs;
        for (int index = 0; index < count; ++index) {
            jobs.push_back(std::make_unique<action>(
                [this, length, blocks = index == blocking] {
                    if (blocks)
                        std::this_thread::sleep_for(length);
                    log += 'a';
                },
                GetParam()));
            home->post(*jobs.back());
        }
        log.clear();
        EXPECT_TRUE(until_logged(std::size_t(count)));
    }
};

TEST_P(longest_turn, is_that_of_the_callback_that_went_on_whichever_it_was) {
    for (const int blocking : {0, 1, 2, 9}) {
        home->reset_longest_turn();
        run_jobs(10, blocking, 20ms);
        EXPECT_GE(now().longest_turn, 20ms) << "job " << blocking;
    }
}

TEST_P(longest_turn, stays_until_it_is_reset) {
    run_jobs(1, 0, 20ms);
    run_jobs(1, 0, 1ms);
    EXPECT_GE(now().longest_turn, 20ms);
    home->reset_longest_turn();
    EXPECT_EQ(now().longest_turn, 0ns);
    EXPECT_EQ(now().callbacks, 2U);
    run_jobs(1, 0, 1ms);
    EXPECT_GE(now().longest_turn, 1ms);
}

INSTANTIATE_TEST_SUITE_P(of_priority, longest_turn,
                         testing::Values(G_PRIORITY_DEFAULT, G_PRIORITY_LOW));

TEST(engine_counters_of_another_thread, are_refused_while_it_iterates_the_context) {
    const test::loop_thread other;
    const engine_ref home = engine::get(other.context());
    other.wait_until_it_runs();
    EXPECT_THROW(home->read_counters(), error);
    EXPECT_THROW(home->reset_longest_turn(), error);
}

} // namespace
} // namespace gawait
