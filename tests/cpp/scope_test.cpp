#include "gawait/scope.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/with_cancellable.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/failure_of.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::failure_of;
using gawait::test::fill_frame;
using gawait::test::filler;
using gawait::test::loop_thread;
using gawait::test::own_context;
using gawait::test::sleep_for_ever;
using gawait::test::unobserved_log;

namespace {

task<> hold_for_ever(counted) { co_await sleep_for(1h); }

task<> fail_soon(const char* message) {
    co_await yield();
    throw std::runtime_error(message);
}

/// Says in the end whether it was cancelled.
task<> note_cancellation(int& cancellations) {
    const auto slept = co_await as_result(sleep_for(1h));
    cancellations += slept.was_cancelled();
}

} // namespace

TEST(scope, waits_for_all_of_its_tasks) {
    int ended = 0;
    const auto child = [&](int rounds) -> task<> {
        for (; rounds > 0; --rounds)
            co_await yield();
        ++ended;
    };
    const auto body = [&](scope& children) -> task<> {
        for (int rounds = 0; rounds < 5; ++rounds)
            children.spawn(child(rounds));
        EXPECT_EQ(ended, 0);
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(ended, 5);
}

TEST(scope, without_tasks_gives_what_its_body_gives) {
    int object = 1;
    const auto value = [](scope&) -> task<std::unique_ptr<int>> {
        co_return std::make_unique<int>(5);
    };
    const auto reference = [&](scope&) -> task<int&> { co_return object; };
    EXPECT_EQ(*run(with_scope(value)), 5);
    EXPECT_EQ(&run(with_scope(reference)), &object);
}

TEST(scope, begins_its_tasks_in_order_in_the_next_round) {
    std::vector<int> begun;
    const auto child = [&](int number) -> task<> {
        begun.push_back(number);
        co_return;
    };
    const auto body = [&](scope& children) -> task<> {
        for (int number = 0; number < 3; ++number)
            children.spawn(child(number));
        EXPECT_TRUE(begun.empty());
        co_await yield();
        EXPECT_EQ(begun, (std::vector{0, 1, 2}));
    };
    run(with_scope(body));
}

TEST(scope, lets_tasks_end_while_its_body_still_runs) {
    const auto body = [](scope& children) -> task<> {
        bool ended = false;
        const auto child = [&]() -> task<> {
            ended = true;
            co_return;
        };
        children.spawn(child());
        co_await yield();
        EXPECT_TRUE(ended);
        co_await sleep_for(1ms);
    };
    run(with_scope(body));
}

TEST(scope, takes_tasks_from_its_tasks) {
    int ended = 0;
    const auto leaf = [&]() -> task<> {
        co_await yield();
        ++ended;
    };
    const auto branch = [&](scope& children) -> task<> {
        co_await sleep_for(1ms);
        children.spawn(leaf());
        children.spawn(leaf());
        ++ended;
    };
    const auto body = [&](scope& children) -> task<> {
        children.spawn(branch(children));
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(ended, 3);
}

TEST(scope, takes_any_awaitable_without_a_value) {
    const auto body = [](scope& children) -> task<> {
        children.spawn(sleep_for(1ms));
        children.spawn(yield());
        co_return;
    };
    const auto before = std::chrono::steady_clock::now();
    run(with_scope(body));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 1ms);
}

TEST(scope, refuses_a_task_without_a_coroutine) {
    const auto body = [](scope& children) -> task<> {
        EXPECT_THROW(children.spawn(task<>()), error);
        co_return;
    };
    run(with_scope(body));
}

TEST(scope, used_on_another_thread_throws_invalid_argument) {
    run(with_scope([](scope& children) -> task<> {
        std::atomic<int> live{0};
        std::thread([&] {
            try {
                children.spawn(hold_for_ever(counted(live)));
                ADD_FAILURE() << "spawned from another thread";
            } catch (const error& failure) {
                EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
            }
        }).join();
        EXPECT_EQ(live, 0);
        co_return;
    }));
}

TEST(scope, cancels_body_and_siblings_when_a_task_fails) {
    int cancellations = 0;
    const auto body = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        children.spawn(fail_soon("the child"));
        children.spawn(note_cancellation(cancellations));
        co_await note_cancellation(cancellations);
    };
    EXPECT_EQ(failure_of(with_scope(body)), "the child");
    EXPECT_EQ(cancellations, 3);
}

TEST(scope, cancels_its_tasks_when_the_body_fails) {
    int cancellations = 0;
    const auto body = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        co_await yield();
        throw std::runtime_error("the body");
    };
    EXPECT_EQ(failure_of(with_scope(body)), "the body");
    EXPECT_EQ(cancellations, 1);
}

TEST(scope, whose_body_fails_before_its_tasks_began_never_begins_them) {
    std::atomic<int> live{0};
    bool begun = false;
    const auto child = [&](counted) -> task<> {
        begun = true;
        co_return;
    };
    const auto body = [&](scope& children) -> task<> {
        children.spawn(child(counted(live)));
        throw std::runtime_error("the body");
        co_return;
    };
    EXPECT_EQ(failure_of(with_scope(body)), "the body");
    EXPECT_FALSE(begun);
    EXPECT_EQ(live, 0);
}

TEST(scope, whose_body_is_no_coroutine_and_throws_ends_its_tasks_too) {
    int cancellations = 0;
    const auto body = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        children.spawn(sleep_for(1ms));
        throw std::runtime_error("the body");
    };
    EXPECT_EQ(failure_of(with_scope(body)), "the body");
    run(sleep_for(2ms));
    EXPECT_EQ(cancellations, 0);
}

TEST(scope, throws_the_first_failure_and_reports_the_others) {
    const unobserved_log log;
    const auto fail_when_cancelled = []() -> task<> {
        (void)co_await as_result(sleep_for(1h));
        throw std::runtime_error("second");
    };
    const auto body = [&](scope& children) -> task<> {
        children.spawn(fail_when_cancelled());
        children.spawn(fail_soon("first"));
        co_return;
    };
    EXPECT_EQ(failure_of(with_scope(body)), "first");
    EXPECT_EQ(log.taken(), std::vector<std::string>{"second"});
}

TEST(scope, waits_for_the_operations_of_cancelled_tasks) {
    filler how{.late = 20ms};
    const auto body = [&](scope& children) -> task<> {
        children.spawn(fill_frame(how));
        while (how.begun == 0)
            co_await yield();
        throw std::runtime_error("the body");
    };
    EXPECT_EQ(failure_of(with_scope(body)), "the body");
    EXPECT_EQ(how.ended, 1);
}

TEST(scope, cancelled_by_its_body_ends_its_tasks_and_what_the_body_awaits) {
    int cancellations = 0;
    const auto body = [&](scope& children) -> task<int> {
        children.spawn(note_cancellation(cancellations));
        co_await yield();
        children.cancel();
        const auto next = co_await as_result(sleep_for(1h));
        EXPECT_TRUE(next.was_cancelled());
        co_return 5;
    };
    EXPECT_EQ(run(with_scope(body)), 5);
    EXPECT_EQ(cancellations, 1);
}

TEST(scope, cancelled_by_its_body_is_no_failure_of_its_tasks) {
    const auto body = [](scope& children) -> task<int> {
        children.spawn(sleep_for_ever());
        co_await yield();
        children.cancel();
        co_return 5;
    };
    EXPECT_EQ(run(with_scope(body)), 5);
}

TEST(scope, cancelled_does_not_cancel_the_task_that_opened_it) {
    run([]() -> task<> {
        const auto body = [](scope& children) -> task<> {
            children.cancel();
            co_return;
        };
        co_await with_scope(body);
        co_await yield();
    }());
}

TEST(scope, cancelled_begins_nothing_more) {
    std::atomic<int> live{0};
    bool begun = false;
    const auto child = [&](counted) -> task<> {
        begun = true;
        co_return;
    };
    const auto body = [&](scope& children) -> task<> {
        children.cancel();
        children.spawn(child(counted(live)));
        co_return;
    };
    run(with_scope(body));
    EXPECT_FALSE(begun);
    EXPECT_EQ(live, 0);
}

TEST(scope, is_cancelled_with_the_task_that_opened_it) {
    run([]() -> task<> {
        int cancellations = 0;
        const auto body = [&](scope& children) -> task<> {
            children.spawn(note_cancellation(cancellations));
            co_await sleep_for(1h);
        };
        const auto handle = spawn(with_scope(body));
        co_await yield();
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(cancellations, 1);
    }());
}

TEST(scope, whose_tasks_were_cut_short_from_outside_throws_cancelled) {
    run([]() -> task<> {
        const auto body = [](scope& children) -> task<int> {
            children.spawn(sleep_for_ever());
            co_return 5;
        };
        const auto handle = spawn(with_scope(body));
        co_await sleep_for(1ms);
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(scope, whose_tasks_were_kept_from_beginning_from_outside_throws_cancelled) {
    run([]() -> task<> {
        const auto opens = [&]() -> task<> {
            GCancellable* own = co_await current_cancellable();
            const auto cancels = [&](scope& children) -> task<> {
                children.spawn(sleep_for_ever());
                g_cancellable_cancel(own);
                co_return;
            };
            co_await with_scope(cancels);
        };
        const auto outcome = co_await as_result(spawn(opens()));
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(scope, whose_tasks_succeeded_although_they_were_cancelled_gives_its_value) {
    run([]() -> task<> {
        int cancellations = 0;
        const auto body = [&](scope& children) -> task<int> {
            children.spawn(note_cancellation(cancellations));
            co_return 5;
        };
        const auto handle = spawn(with_scope(body));
        co_await sleep_for(1ms);
        handle.cancel();
        const int value = co_await handle;
        EXPECT_EQ(value, 5);
        EXPECT_EQ(cancellations, 1);
    }());
}

TEST(scope, can_be_given_a_time_limit) {
    int cancellations = 0;
    const auto body = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        co_await sleep_for(1h);
    };
    try {
        run(with_timeout(1ms, with_scope(body)));
        ADD_FAILURE() << "there was no limit";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_TIMED_OUT));
    }
    EXPECT_EQ(cancellations, 1);
}

TEST(scope, with_a_time_limit_times_out_while_it_waits_for_its_tasks) {
    const auto body = [](scope& children) -> task<> {
        children.spawn(sleep_for_ever());
        co_return;
    };
    try {
        run(with_timeout(1ms, with_scope(body)));
        ADD_FAILURE() << "there was no limit";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_TIMED_OUT));
    }
}

TEST(scope, nested_fails_into_the_outer_one) {
    int cancellations = 0;
    const auto inner = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        children.spawn(fail_soon("deep inside"));
        co_return;
    };
    const auto outer = [&](scope& children) -> task<> {
        children.spawn(note_cancellation(cancellations));
        children.spawn(with_scope(inner));
        co_await sleep_for(1h);
    };
    EXPECT_EQ(failure_of(with_scope(outer)), "deep inside");
    EXPECT_EQ(cancellations, 2);
}

TEST(scope, nested_and_cancelled_leaves_the_outer_one_alone) {
    bool outer_child_ended = false;
    const auto inner = [](scope& children) -> task<> {
        children.spawn(sleep_for_ever());
        co_await yield();
        children.cancel();
    };
    const auto outer_child = [&]() -> task<> {
        co_await sleep_for(1ms);
        outer_child_ended = true;
    };
    const auto outer = [&](scope& children) -> task<> {
        children.spawn(outer_child());
        co_await with_scope(inner);
    };
    run(with_scope(outer));
    EXPECT_TRUE(outer_child_ended);
}

TEST(scope, that_lives_long_does_not_pile_up_what_ended) {
    std::atomic<int> live{0};
    int most = 0;
    const auto child = [](counted) -> task<> { co_await yield(); };
    const auto body = [&](scope& children) -> task<> {
        for (int i = 0; i < 10'000; ++i) {
            children.spawn(child(counted(live)));
            most = std::max(most, live.load());
            co_await yield();
        }
    };
    run(with_scope(body));
    EXPECT_EQ(live, 0);
    EXPECT_LT(most, 10);
}

TEST(scope, holds_thousands_of_tasks_at_the_same_time) {
    std::atomic<int> live{0};
    const auto body = [&](scope& children) -> task<> {
        for (int i = 0; i < 10'000; ++i)
            children.spawn(hold_for_ever(counted(live)));
        co_await yield();
        EXPECT_EQ(live, 10'000);
        children.cancel();
    };
    run(with_scope(body));
    EXPECT_EQ(live, 0);
}

TEST(scope, counts_a_task_out_that_ends_on_another_context) {
    const loop_thread elsewhere;
    int ended = 0;
    const auto wanderer = [&]() -> task<> {
        co_await resume_on(elsewhere.context());
        ++ended;
    };
    const auto body = [&](scope& children) -> task<> {
        for (int i = 0; i < 100; ++i)
            children.spawn(wanderer());
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(ended, 100);
}

TEST(scope, ends_its_tasks_when_the_context_is_destroyed) {
    std::atomic<int> live{0};
    {
        const own_context context;
        const auto body = [&](scope& children) -> task<> {
            for (int i = 0; i < 10; ++i)
                children.spawn(hold_for_ever(counted(live)));
            co_await sleep_for(1h);
        };
        (void)spawn(with_scope(body));
        context.iterate_while_ready();
        EXPECT_EQ(live, 10);
    }
    EXPECT_EQ(live, 0);
}
