#include "gawait/when_all.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/with_cancellable.hpp"
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
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::fail;
using gawait::test::failure_of;
using gawait::test::fill_frame;
using gawait::test::filler;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::unobserved_log;

namespace {

task<> nothing() { co_await yield(); }

task<int> note_cancellation(int& cancellations) {
    const auto slept = co_await as_result(sleep_for(1h));
    cancellations += slept.was_cancelled();
    co_return 0;
}

std::vector<task<int>> in_a_range(task<int> first, task<int> second, task<int> third) {
    std::vector<task<int>> tasks;
    tasks.push_back(std::move(first));
    tasks.push_back(std::move(second));
    tasks.push_back(std::move(third));
    return tasks;
}

} // namespace

TEST(when_all, gives_the_values_in_order_whichever_comes_first) {
    const auto values = run(when_all(give(1, 3), give<std::string>("two", 1), give(3.0, 0)));
    EXPECT_EQ(values, std::tuple(1, std::string("two"), 3.0));
}

TEST(when_all, gives_monostate_for_what_has_no_value) {
    const auto values = run(when_all(nothing(), give(2), yield()));
    static_assert(
        std::is_same_v<decltype(values), const std::tuple<std::monostate, int, std::monostate>>);
    EXPECT_EQ(std::get<1>(values), 2);
}

TEST(when_all, gives_what_can_only_be_moved) {
    const auto [first, second] =
        run(when_all(give(std::make_unique<int>(1)), give(std::make_unique<int>(2))));
    EXPECT_EQ(*first + *second, 3);
}

TEST(when_all, gives_references_to_the_objects_themselves) {
    int object = 1;
    const auto values = run(when_all(give<int&>(object), give(2)));
    EXPECT_EQ(&std::get<0>(values), &object);
}

TEST(when_all, of_no_arguments_gives_an_empty_tuple) { EXPECT_EQ(run(when_all()), std::tuple<>()); }

TEST(when_all, runs_its_awaitables_at_the_same_time) {
    std::vector<std::string> steps;
    const auto work = [&](std::string name) -> task<> {
        steps.push_back(name + " begins");
        co_await yield();
        steps.push_back(name + " ends");
    };
    run(when_all(work("a"), work("b")));
    EXPECT_EQ(steps, (std::vector<std::string>{"a begins", "b begins", "a ends", "b ends"}));
}

TEST(when_all, begins_them_in_order_within_the_await) {
    run([]() -> task<> {
        std::vector<int> begun;
        const auto work = [&](int number) -> task<> {
            begun.push_back(number);
            co_await yield();
        };
        auto all = when_all(work(1), work(2), work(3));
        EXPECT_TRUE(begun.empty());
        co_await all;
        EXPECT_EQ(begun, (std::vector{1, 2, 3}));
    }());
}

TEST(when_all, of_what_ends_at_once_does_not_suspend) {
    run([]() -> task<> {
        bool went_round = false;
        const auto other = [&]() -> task<> {
            went_round = true;
            co_return;
        };
        const auto handle = spawn(other());
        const auto [first, second] = co_await when_all(give(1, 0), give(2, 0));
        EXPECT_EQ(first + second, 3);
        EXPECT_FALSE(went_round);
        co_await handle;
    }());
}

TEST(when_all, of_a_range_gives_a_vector_of_values_in_order) {
    EXPECT_EQ(run(when_all(in_a_range(give(1, 3), give(2, 1), give(3, 2)))),
              (std::vector{1, 2, 3}));
}

TEST(when_all, takes_ranges_of_any_kind) {
    std::list<task<int>> list;
    list.push_back(give(1));
    list.push_back(give(2));
    EXPECT_EQ(run(when_all(std::move(list))), (std::vector{1, 2}));
    const auto made = std::views::iota(0, 3) |
                      std::views::transform([](int number) { return give(number * number); });
    EXPECT_EQ(run(when_all(made)), (std::vector{0, 1, 4}));
}

TEST(when_all, of_an_empty_range_gives_an_empty_vector) {
    EXPECT_TRUE(run(when_all(std::vector<task<int>>())).empty());
    run(when_all(std::vector<task<>>()));
}

TEST(when_all, of_a_range_without_values_gives_nothing) {
    std::vector<sleep_awaiter> sleeps;
    for (int i = 0; i < 3; ++i)
        sleeps.push_back(sleep_for(1ms));
    static_assert(std::is_void_v<await_result_t<decltype(when_all(std::move(sleeps)))>>);
    const auto before = std::chrono::steady_clock::now();
    run(when_all(std::move(sleeps)));
    EXPECT_GE(std::chrono::steady_clock::now() - before, 500us);
}

TEST(when_all, of_a_range_gives_what_can_only_be_moved) {
    std::vector<task<std::unique_ptr<int>>> tasks;
    tasks.push_back(give(std::make_unique<int>(5)));
    const auto values = run(when_all(std::move(tasks)));
    EXPECT_EQ(*values.at(0), 5);
}

TEST(when_all, throws_the_failure_and_cancels_the_others) {
    int cancellations = 0;
    const auto failing = [&] {
        return when_all(note_cancellation(cancellations), fail("first"),
                        note_cancellation(cancellations));
    };
    EXPECT_EQ(failure_of(failing()), "first");
    EXPECT_EQ(cancellations, 2);
}

TEST(when_all, of_a_range_throws_the_failure_and_cancels_the_others) {
    int cancellations = 0;
    auto tasks = in_a_range(note_cancellation(cancellations), fail("first"),
                            note_cancellation(cancellations));
    EXPECT_EQ(failure_of(when_all(std::move(tasks))), "first");
    EXPECT_EQ(cancellations, 2);
}

TEST(when_all, does_not_begin_what_comes_after_one_that_fails_at_once) {
    std::atomic<int> live{0};
    bool begun = false;
    int cancellations = 0;
    const auto later = [&](counted) -> task<int> {
        begun = true;
        co_return 0;
    };
    EXPECT_EQ(failure_of(when_all(note_cancellation(cancellations), fail("at once", 0),
                                  later(counted(live)))),
              "at once");
    EXPECT_EQ(cancellations, 1);
    auto tasks =
        in_a_range(note_cancellation(cancellations), fail("at once", 0), later(counted(live)));
    EXPECT_EQ(failure_of(when_all(std::move(tasks))), "at once");
    EXPECT_EQ(cancellations, 2);
    EXPECT_FALSE(begun);
    EXPECT_EQ(live, 0);
}

TEST(when_all, reports_the_failures_after_the_first) {
    const unobserved_log log;
    const auto fail_when_cancelled = []() -> task<> {
        (void)co_await as_result(sleep_for(1h));
        throw std::runtime_error("second");
    };
    EXPECT_EQ(failure_of(when_all(fail_when_cancelled(), fail("first"))), "first");
    EXPECT_EQ(log.taken(), std::vector<std::string>{"second"});
}

TEST(when_all, waits_until_the_operations_of_the_others_have_ended) {
    filler how{.late = 20ms};
    const auto fail_when_begun = [&]() -> task<> {
        while (how.begun == 0)
            co_await yield();
        throw std::runtime_error("first");
    };
    EXPECT_EQ(failure_of(when_all(fill_frame(how), fail_when_begun())), "first");
    EXPECT_EQ(how.ended, 1);
}

TEST(when_all, is_cancelled_with_the_task_that_awaits) {
    run([]() -> task<> {
        int cancellations = 0;
        const auto sleep = []() -> task<> { co_await sleep_for(1h); };
        const auto handle = spawn(when_all(note_cancellation(cancellations), sleep()));
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(cancellations, 1);
    }());
}

TEST(when_all, gives_the_values_that_all_came_to_in_spite_of_cancellation) {
    run([]() -> task<> {
        int cancellations = 0;
        const auto handle =
            spawn(when_all(note_cancellation(cancellations), note_cancellation(cancellations)));
        co_await yield();
        handle.cancel();
        const auto values = co_await handle;
        EXPECT_EQ(values, std::tuple(0, 0));
        EXPECT_EQ(cancellations, 2);
    }());
}

TEST(when_all, begins_nothing_in_a_task_that_was_cancelled) {
    bool begun = false;
    const auto work = [&]() -> task<> {
        begun = true;
        co_return;
    };
    const auto body = [&]() -> task<> {
        g_cancellable_cancel(co_await current_cancellable());
        co_await when_all(work(), work());
    };
    EXPECT_THROW(run(body()), cancelled);
    const auto body_with_range = [&]() -> task<> {
        g_cancellable_cancel(co_await current_cancellable());
        std::vector<task<>> tasks;
        tasks.push_back(work());
        co_await when_all(std::move(tasks));
    };
    EXPECT_THROW(run(body_with_range()), cancelled);
    EXPECT_FALSE(begun);
}

TEST(when_all, of_a_task_that_was_moved_from_begins_nothing_and_throws) {
    bool begun = false;
    const auto work = [&]() -> task<> {
        begun = true;
        co_return;
    };
    EXPECT_THROW(run(when_all(work(), task<>())), error);
    std::vector<task<>> tasks;
    tasks.push_back(work());
    tasks.emplace_back();
    EXPECT_THROW(run(when_all(std::move(tasks))), error);
    EXPECT_FALSE(begun);
}

TEST(when_all, goes_on_at_home_when_its_tasks_end_on_other_contexts) {
    const loop_thread elsewhere;
    run([&]() -> task<> {
        const auto here = std::this_thread::get_id();
        const auto wanderer = [&](int value) -> task<int> {
            co_await resume_on(elsewhere.context());
            co_return value;
        };
        for (int i = 0; i < 200; ++i) {
            const auto values = co_await when_all(wanderer(1), give(2), wanderer(3));
            EXPECT_EQ(values, std::tuple(1, 2, 3));
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    }());
}

TEST(when_all, destroyed_before_it_was_awaited_destroys_its_tasks) {
    std::atomic<int> live{0};
    const auto work = [](counted) -> task<> { co_return; };
    {
        const auto unused = when_all(work(counted(live)), work(counted(live)));
    }
    EXPECT_EQ(live, 0);
}
