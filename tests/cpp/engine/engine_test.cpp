#include "gawait/engine/engine.hpp"

#include "gawait/error.hpp"
#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"
#include "support/thread_allocations.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::action;
using test::alarm;
using test::block_until;
using test::descriptor_pair;
using test::loop_thread;
using test::reposting;
using test::watcher;

// Jobs ---------------------------------------------------------------------------

using engine_jobs = test::engine_fixture;

TEST_F(engine_jobs, run_in_the_order_in_which_they_were_posted) {
    std::vector<std::unique_ptr<action>> jobs;
    std::string expected;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        jobs.push_back(std::make_unique<action>(logs(letter)));
        EXPECT_TRUE(home->post(*jobs.back()));
        expected += letter;
    }
    EXPECT_EQ(log, ""); // never at once
    EXPECT_TRUE(until_logged(expected.size()));
    EXPECT_EQ(log, expected);
}

TEST_F(engine_jobs, can_be_withdrawn_while_they_are_queued) {
    std::vector<std::unique_ptr<action>> jobs;
    for (char letter = 'a'; letter <= 'e'; ++letter)
        jobs.push_back(std::make_unique<action>(logs(letter)));
    action low(logs('z'), G_PRIORITY_LOW);
    for (const auto& each : jobs)
        home->post(*each);
    home->post(low);
    for (const std::size_t index : {0U, 2U, 4U})
        EXPECT_TRUE(home->withdraw(*jobs[index]));
    EXPECT_TRUE(home->withdraw(low));
    EXPECT_FALSE(home->withdraw(*jobs[2]));
    home->post(*jobs[4]);
    settle();
    EXPECT_EQ(log, "bde");
    EXPECT_FALSE(home->withdraw(*jobs[1]));
}

TEST_F(engine_jobs, withdrawn_by_a_job_of_their_round_do_not_run) {
    action last(logs('z'));
    action second(logs('b'));
    action first([&] {
        log += 'a';
        EXPECT_TRUE(home->withdraw(second));
    });
    for (action* each : {&first, &second, &last})
        home->post(*each);
    settle();
    EXPECT_EQ(log, "az");
}

TEST_F(engine_jobs, may_destroy_themselves) {
    std::unique_ptr<action> own;
    own = std::make_unique<action>([&] {
        log += 'x';
        own.reset();
    });
    home->post(*own);
    EXPECT_TRUE(until_logged(1));
    EXPECT_FALSE(own);
}

TEST_F(engine_jobs, may_post_themselves_again) {
    reposting again(*home);
    home->post(again);
    EXPECT_TRUE(until([&] { return again.runs >= 1000; }));
    again.stop = true;
    const int runs = again.runs;
    settle();
    EXPECT_EQ(again.runs, runs + 1);
}

TEST_F(engine_jobs, are_posted_and_run_without_an_allocation) {
    std::vector<std::unique_ptr<action>> jobs;
    std::size_t ran = 0;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }, index % 3 - 1));
    std::optional<std::size_t> allocated_by_posting, allocated_by_running;
    action post([&] {
        const test::allocation_counter counter;
        for (const auto& each : jobs)
            home->post(*each);
        allocated_by_posting = counter.count();
    });
    for (int time = 0; time < 2; ++time) { // the first time, each priority gets its source
        ran = 0;
        home->post(post);
        const test::allocation_counter counter;
        while (ran < jobs.size())
            g_main_context_iteration(context.get(), TRUE);
        allocated_by_running = counter.count();
    }
    EXPECT_EQ(allocated_by_posting, 0u);
    // Not by the jobs: by giving way to other sources, each time that the budget is over.
    EXPECT_LT(allocated_by_running, jobs.size() / 4);
}

TEST_F(engine_jobs, are_posted_from_another_thread_without_an_allocation) {
    std::vector<std::unique_ptr<action>> jobs;
    std::size_t ran = 0;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }, index % 3 - 1));
    std::size_t allocated = 1;
    std::thread([&] {
        g_main_current_source(); // GLib allocates what it knows of a thread when asked
        const test::allocation_counter counter;
        for (const auto& each : jobs)
            home->post(*each);
        allocated = counter.count();
    }).join();
    EXPECT_EQ(allocated, 0u);
    EXPECT_TRUE(until([&] { return ran == jobs.size(); }));
}

TEST(engine_jobs_allocation_counter, sees_what_cpp_and_glib_allocate) {
    const test::allocation_counter counter;
    const std::string cpp(1000, 'x');
    const auto once = counter.count();
    const auto glib = unique_string(g_strdup(cpp.c_str()));
    const auto twice = counter.count();
    EXPECT_EQ(once, 1u);
    EXPECT_EQ(twice, 2u);
}

// Threads ------------------------------------------------------------------------

using engine_threads = test::engine_fixture;

TEST_F(engine_threads, that_do_not_own_the_context_may_not_start_timers_or_watches) {
    const loop_thread other;
    const auto theirs = engine::get(other.context());
    std::latch owned(1);
    action running([&] { owned.count_down(); });
    theirs->post(running);
    owned.wait();

    const auto pipe = descriptor_pair::pipe();
    alarm work([] {});
    watcher readable(pipe.first.get(), G_IO_IN, [](watcher&) {});
    for (const auto& use : {std::function([&] { theirs->start(work, clock::now()); }),
                            std::function([&] { theirs->watch(readable); })}) {
        try {
            use();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const error& refused) {
            EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
            EXPECT_NE(std::string(refused.message()).find("thread"), std::string::npos);
        }
    }
    EXPECT_FALSE(work.pending());
    EXPECT_FALSE(readable.watching());
}

TEST_F(engine_threads, know_whether_they_own_the_context) {
    const loop_thread other;
    const auto theirs = engine::get(other.context());
    EXPECT_FALSE(theirs->on_owner_thread());
    EXPECT_FALSE(theirs->is_thread_default());
    EXPECT_TRUE(home->is_thread_default());
    std::latch ran(1);
    bool owner = false, is_default = false, owner_of_home = true;
    action look([&] {
        owner = theirs->on_owner_thread();
        is_default = theirs->is_thread_default();
        owner_of_home = home->on_owner_thread();
        ran.count_down();
    });
    theirs->post(look);
    ran.wait();
    EXPECT_TRUE(owner);
    EXPECT_TRUE(is_default);
    EXPECT_FALSE(owner_of_home);
}

TEST(engine_unowned, may_be_used_from_any_thread) {
    const auto context = ref<GMainContext>::adopt(g_main_context_new());
    const auto home = engine::get(context);
    bool ran = false;
    alarm work([&] { ran = true; });
    std::thread([&] { home->start(work, clock::now()); }).join();
    EXPECT_TRUE(block_until(context.get(), [&] { return ran; }));
}

} // namespace
} // namespace gawait
