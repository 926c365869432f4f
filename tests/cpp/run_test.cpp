#include "gawait/run.hpp"

#include "gawait/result.hpp"
#include "gawait/shield.hpp"
#include "gawait/sleep.hpp"
#include "gawait/unix_signal.hpp"
#include "gawait/with_cancellable.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/late_operation.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <iostream>
#include <stdexcept>
#include <thread>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::fill_frame;
using gawait::test::filler;
using gawait::test::own_context;

namespace {

/// What current_environment() tells of where a task runs.
task<GMainContext*> current_context() {
    const detail::environment& env = co_await detail::current_environment();
    co_return env.home->context();
}

/// Leaves the test process with what became of its work: 0 if all was as it should be.
///
/// Signals are tested in processes of their own, that begin anew: in one that was only
/// forked, GLib's signal thread would be missing.
void leave(bool all_was_well) { std::exit(all_was_well ? 0 : 1); }

class ctrl_c : public testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

volatile std::sig_atomic_t handled = 0;

} // namespace

TEST(run, gives_the_result_of_a_task) {
    const auto body = []() -> task<int> {
        co_await yield();
        co_return 5;
    };
    EXPECT_EQ(run(body()), 5);
}

TEST(run, throws_what_ended_the_task) {
    const auto body = []() -> task<int> {
        co_await yield();
        throw std::out_of_range("too far");
    };
    EXPECT_THROW(run(body()), std::out_of_range);
}

TEST(run, runs_any_awaitable) {
    const auto before = std::chrono::steady_clock::now();
    run(sleep_for(2ms));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 2ms);
}

TEST(run, of_a_task_that_was_cancelled_throws_cancelled) {
    const auto body = []() -> task<> {
        g_cancellable_cancel(co_await current_cancellable());
        co_await yield();
    };
    EXPECT_THROW(run(body()), cancelled);
}

TEST(run, in_the_main_thread_runs_the_default_context) {
    EXPECT_EQ(run(current_context()), g_main_context_default());
}

TEST(run, runs_the_thread_default_context) {
    const own_context context;
    EXPECT_EQ(run(current_context()), context.get());
}

TEST(run, leaves_no_context_acquired_or_pushed) {
    run(yield());
    EXPECT_EQ(g_main_context_get_thread_default(), nullptr);
    EXPECT_FALSE(g_main_context_is_owner(g_main_context_default()));
}

TEST(run, in_a_thread_without_a_context_makes_one_for_the_call) {
    GMainContext* used = nullptr;
    GMainContext* thread_default = nullptr;
    GMainContext* after = nullptr;
    std::thread([&] {
        const auto body = [&]() -> task<> {
            used = co_await current_context();
            thread_default = g_main_context_get_thread_default();
        };
        run(body());
        after = g_main_context_get_thread_default();
    }).join();
    EXPECT_NE(used, nullptr);
    EXPECT_NE(used, g_main_context_default());
    EXPECT_EQ(thread_default, used);
    EXPECT_EQ(after, nullptr);
}

TEST(run, in_a_thread_without_a_context_cancels_what_still_runs_in_it_afterwards) {
    bool was_cancelled = false;
    std::atomic<int> live{0};
    std::thread([&] {
        const auto forgotten = [&](counted) -> task<> {
            auto slept = co_await as_result(sleep_for(1h));
            was_cancelled = slept.was_cancelled();
        };
        const auto body = [&]() -> task<> {
            (void)spawn(forgotten(counted(live)));
            co_await yield();
        };
        run(body());
    }).join();
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(live, 0);
}

TEST(run, in_a_thread_without_a_context_awaits_operations_that_are_still_in_flight) {
    filler how{.late = 10ms};
    std::atomic<int> live{0};
    std::thread([&] {
        const auto forgotten = [&](counted) -> task<> { co_await fill_frame(how); };
        const auto body = [&]() -> task<> {
            (void)spawn(forgotten(counted(live)));
            while (how.begun == 0)
                co_await yield();
        };
        run(body());
    }).join();
    EXPECT_EQ(how.ended, 1);
    EXPECT_EQ(live, 0);
}

TEST(run, of_the_default_context_cancels_and_awaits_what_still_runs_in_it_afterwards) {
    std::atomic<int> live{0};
    bool cleaned_up = false;
    const auto forgotten = [&](counted) -> task<> {
        const auto slept = co_await as_result(sleep_for(1h));
        co_await shield(sleep_for(1ms));
        cleaned_up = slept.was_cancelled();
    };
    const auto body = [&]() -> task<> {
        (void)spawn(forgotten(counted(live)));
        co_await yield();
    };
    run(body());
    EXPECT_TRUE(cleaned_up);
    EXPECT_EQ(live, 0);
}

TEST(run, of_the_default_context_lets_no_task_begin_afterwards) {
    std::atomic<int> live{0};
    int begun = 0;
    const auto endless = [&](const auto& self, counted argument) -> task<> {
        ++begun;
        (void)spawn(self(self, argument));
        co_return;
    };
    const auto body = [&]() -> task<> {
        (void)spawn(endless(endless, counted(live)));
        co_await yield();
    };
    run(body());
    EXPECT_GT(begun, 0);
    EXPECT_EQ(live, 0);
}

TEST(run, of_the_default_context_ends_the_rest_also_when_the_task_fails) {
    std::atomic<int> live{0};
    const auto forgotten = [](counted) -> task<> { co_await sleep_for(1h); };
    const auto body = [&]() -> task<> {
        (void)spawn(forgotten(counted(live)));
        co_await yield();
        throw std::out_of_range("too far");
    };
    EXPECT_THROW(run(body()), std::out_of_range);
    EXPECT_EQ(live, 0);
}

TEST(run, nested_leaves_what_runs_to_the_run_around_it) {
    std::atomic<int> live{0};
    const auto steady = [](counted) -> task<> { co_await sleep_for(1h); };
    const auto body = [&]() -> task<> {
        const auto before = spawn(steady(counted(live)));
        const auto inner = [&]() -> task<> {
            (void)spawn(steady(counted(live)));
            co_await yield();
        };
        run(inner());
        EXPECT_EQ(live, 2);
        EXPECT_FALSE(before.done());
        co_return;
    };
    run(body());
    EXPECT_EQ(live, 0);
}

TEST(run, of_a_context_that_the_caller_pushed_leaves_what_runs_to_the_caller) {
    const own_context context;
    const auto steady = []() -> task<int> {
        co_await sleep_for(1ms);
        co_return 5;
    };
    const auto body = [&]() -> task<join_handle<int>> { co_return spawn(steady()); };
    const auto handle = run(body());
    EXPECT_FALSE(handle.done());
    EXPECT_EQ(run(handle), 5);
}

TEST(run, runs_in_several_threads_at_the_same_time) {
    const auto sleep_and_give = [](int value) -> task<int> {
        co_await sleep_for(1ms);
        co_return value;
    };
    auto first = std::async(std::launch::async, [&] { return run(sleep_and_give(1)); });
    auto second = std::async(std::launch::async, [&] { return run(sleep_and_give(2)); });
    EXPECT_EQ(run(sleep_and_give(3)) + first.get() + second.get(), 6);
}

TEST(run, nested_in_a_task_lets_the_other_tasks_go_on) {
    int steps = 0;
    const auto steady = [&]() -> task<> {
        for (; steps < 3; ++steps)
            co_await yield();
    };
    const auto wait_for_steps = [&]() -> task<> {
        while (steps < 3)
            co_await yield();
    };
    const auto body = [&]() -> task<int> {
        const auto handle = spawn(steady());
        run(wait_for_steps());
        const int seen = steps;
        co_await handle;
        co_return seen;
    };
    EXPECT_EQ(run(body()), 3);
}

TEST(run, nested_deeply_comes_back) {
    const auto body = [](const auto& self, int depth) -> task<int> {
        co_await yield();
        co_return depth == 0 ? 0 : 1 + run(self(self, depth - 1));
    };
    EXPECT_EQ(run(body(body, 20)), 20);
}

TEST(run, while_another_thread_owns_the_context_throws_busy) {
    std::promise<void> acquired;
    std::promise<void> release;
    std::thread owner([&] {
        EXPECT_TRUE(g_main_context_acquire(g_main_context_default()));
        acquired.set_value();
        release.get_future().wait();
        g_main_context_release(g_main_context_default());
    });
    acquired.get_future().wait();
    std::atomic<int> live{0};
    const auto body = [](counted) -> task<> { co_return; };
    try {
        run(body(counted(live)));
        ADD_FAILURE() << "ran a context that belongs to another thread";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
        EXPECT_STREQ(failure.what(), "gawait::run: another thread owns the main context");
    }
    EXPECT_EQ(live, 0);
    release.set_value();
    owner.join();
    run(yield());
}

TEST_F(ctrl_c, cancels_the_task) {
    const auto body = []() -> task<> {
        std::raise(SIGINT);
        co_await sleep_for(1h);
    };
    EXPECT_EXIT(
        {
            try {
                run(body());
            } catch (const cancelled&) {
                leave(true);
            }
            leave(false);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ctrl_c, that_nobody_catches_ends_the_program_as_the_signal_would) {
    const auto body = []() -> task<> {
        std::raise(SIGINT);
        (void)co_await as_result(sleep_for(1h));
        std::cerr << "cleaned up, ";
        throw cancelled();
    };
    // Like main(), what is noexcept lets no exception out.
    EXPECT_EXIT([&]() noexcept { run(body()); }(), testing::KilledBySignal(SIGINT),
                "cleaned up, gawait::run: interrupted");
}

TEST_F(ctrl_c, that_nobody_catches_in_another_thread_ends_the_program_as_the_signal_would) {
    const auto body = []() -> task<> {
        kill(getpid(), SIGINT);
        co_await sleep_for(1h);
    };
    EXPECT_EXIT(std::thread([&] { run(body()); }).join(), testing::KilledBySignal(SIGINT),
                "gawait::run: interrupted");
}

TEST_F(ctrl_c, that_was_caught_leaves_other_exceptions_to_abort_the_program) {
    const auto body = []() -> task<> {
        std::raise(SIGINT);
        co_await sleep_for(1h);
    };
    EXPECT_EXIT(
        {
            try {
                run(body());
            } catch (const cancelled&) {
            }
            const auto otherwise = [] { throw std::runtime_error("another one"); };
            [&]() noexcept { otherwise(); }();
        },
        testing::KilledBySignal(SIGABRT), "another one");
}

TEST_F(ctrl_c, cancels_the_task_of_a_run_in_another_thread) {
    const auto body = []() -> task<> {
        kill(getpid(), SIGINT);
        co_await sleep_for(1h);
    };
    EXPECT_EXIT(
        {
            bool was_cancelled = false;
            std::thread([&] {
                try {
                    run(body());
                } catch (const cancelled&) {
                    was_cancelled = true;
                }
            }).join();
            leave(was_cancelled);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ctrl_c, leaves_the_task_time_to_clean_up) {
    const auto body = []() -> task<> {
        std::raise(SIGINT);
        auto slept = co_await as_result(sleep_for(1h));
        co_await shield(sleep_for(1ms));
        if (slept.was_cancelled())
            std::cerr << "cleaned up\n";
    };
    EXPECT_EXIT(
        {
            run(body());
            leave(true);
        },
        testing::ExitedWithCode(0), "cleaned up");
}

TEST_F(ctrl_c, kills_as_usual_when_it_comes_a_second_time) {
    const auto body = []() -> task<> {
        std::raise(SIGINT);
        (void)co_await as_result(sleep_for(1h));
        std::cerr << "cancelled\n";
        std::raise(SIGINT);
        co_await shield(sleep_for(1h));
    };
    EXPECT_EXIT(run(body()), testing::KilledBySignal(SIGINT), "cancelled");
}

TEST_F(ctrl_c, kills_as_usual_after_the_run) {
    EXPECT_EXIT(
        {
            run(yield());
            std::raise(SIGINT);
            leave(false);
        },
        testing::KilledBySignal(SIGINT), "");
}

TEST_F(ctrl_c, goes_to_a_task_that_waits_for_it_and_cancels_again_when_none_does) {
    const auto body = []() -> task<> {
        const auto raise_soon = []() -> task<> {
            co_await sleep_for(1ms);
            std::raise(SIGINT);
        };
        const auto one = spawn(raise_soon());
        co_await unix_signal(SIGINT);
        {
            unix_signals interrupts(SIGINT);
            const auto another = spawn(raise_soon());
            co_await interrupts.next();
        }
        const auto last = spawn(raise_soon());
        const auto slept = co_await as_result(sleep_for(1h));
        leave(slept.was_cancelled());
    };
    EXPECT_EXIT(run(body()), testing::ExitedWithCode(0), "");
}

TEST_F(ctrl_c, goes_to_the_programs_own_handler) {
    const auto body = []() -> task<bool> {
        std::raise(SIGINT);
        const auto slept = co_await as_result(sleep_for(10ms));
        co_return slept.has_value();
    };
    EXPECT_EXIT(
        {
            std::signal(SIGINT, [](int) { handled = 1; });
            const bool slept = run(body());
            leave(slept && handled == 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ctrl_c, is_ignored_where_the_program_ignores_it) {
    const auto body = []() -> task<bool> {
        std::raise(SIGINT);
        const auto slept = co_await as_result(sleep_for(10ms));
        co_return slept.has_value();
    };
    EXPECT_EXIT(
        {
            std::signal(SIGINT, SIG_IGN);
            leave(run(body()));
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(ctrl_c, cancels_a_nested_run_and_the_one_around_it) {
    const auto inner = []() -> task<> {
        std::raise(SIGINT);
        co_await sleep_for(1h);
    };
    const auto outer = [&]() -> task<> {
        co_await yield();
        try {
            run(inner());
        } catch (const cancelled&) {
            std::cerr << "inner cancelled\n";
        }
        co_await sleep_for(1h);
    };
    EXPECT_EXIT(
        {
            try {
                run(outer());
            } catch (const cancelled&) {
                leave(true);
            }
            leave(false);
        },
        testing::ExitedWithCode(0), "inner cancelled");
}
