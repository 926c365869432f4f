#include "gawait/when_any.hpp"

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
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::fail;
using gawait::test::failure_of;
using gawait::test::filler;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::unobserved_log;

namespace {

task<int> sleep_for_ever() {
    co_await sleep_for(1h);
    co_return 0;
}

task<int> fill(filler& how, counted) {
    std::array<char, 64> buffer{};
    co_await async(test::fill_async, test::fill_finish, &how, buffer.data(), gsize(buffer.size()));
    co_return 0;
}

template <class... Tasks> std::vector<task<int>> in_a_range(Tasks... tasks) {
    std::vector<task<int>> range;
    (range.push_back(std::move(tasks)), ...);
    return range;
}

} // namespace

TEST(when_any, says_which_was_first_and_gives_its_value) {
    const auto value = run(when_any(give(1, 3), give<std::string>("two", 1), give(3, 2)));
    ASSERT_EQ(value.index(), 1U);
    EXPECT_EQ(std::get<1>(value), "two");
}

TEST(when_any, tells_awaitables_of_one_type_apart) {
    const auto value = run(when_any(give(1, 2), give(2, 1)));
    ASSERT_EQ(value.index(), 1U);
    EXPECT_EQ(std::get<1>(value), 2);
}

TEST(when_any, of_one_gives_it) { EXPECT_EQ(std::get<0>(run(when_any(give(1)))), 1); }

TEST(when_any, gives_monostate_for_what_has_no_value) {
    const auto value = run(when_any(sleep_for(1h), yield()));
    static_assert(
        std::is_same_v<decltype(value), const std::variant<std::monostate, std::monostate>>);
    EXPECT_EQ(value.index(), 1U);
}

TEST(when_any, gives_what_can_only_be_moved) {
    const auto value = run(when_any(give(std::make_unique<int>(5)), sleep_for_ever()));
    EXPECT_EQ(*std::get<0>(value), 5);
}

TEST(when_any, of_a_range_gives_the_position_and_the_value_of_the_first) {
    const auto [position, value] = run(when_any(in_a_range(give(1, 3), give(2, 1), give(3, 2))));
    EXPECT_EQ(position, 1U);
    EXPECT_EQ(value, 2);
}

TEST(when_any, of_a_range_without_values_gives_the_position) {
    std::vector<sleep_awaiter> sleeps;
    sleeps.push_back(sleep_for(1h));
    sleeps.push_back(sleep_for(1ms));
    EXPECT_EQ(run(when_any(std::move(sleeps))).first, 1U);
}

TEST(when_any, of_an_empty_range_throws_invalid_argument) {
    try {
        run(when_any(std::vector<task<int>>()));
        ADD_FAILURE() << "something came first";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
        EXPECT_STREQ(failure.what(), "gawait::when_any: nothing to wait for");
    }
}

TEST(when_any, does_not_begin_what_comes_after_one_that_ends_at_once) {
    std::atomic<int> live{0};
    bool begun = false;
    const auto later = [&](counted) -> task<int> {
        begun = true;
        co_return 0;
    };
    EXPECT_EQ(run(when_any(give(1, 0), later(counted(live)))).index(), 0U);
    EXPECT_EQ(run(when_any(in_a_range(give(1, 0), later(counted(live))))).first, 0U);
    EXPECT_FALSE(begun);
    EXPECT_EQ(live, 0);
}

TEST(when_any, waits_until_the_others_have_ended_and_cleaned_up) {
    std::atomic<int> live{0};
    filler how{.late = 20ms};
    run([&]() -> task<> {
        const auto when_begun = [&]() -> task<int> {
            while (how.begun == 0)
                co_await yield();
            EXPECT_EQ(live, 1);
            co_return 7;
        };
        auto filling = fill(how, counted(live));
        const auto value = co_await when_any(std::move(filling), when_begun());
        EXPECT_EQ(value.index(), 1U);
        EXPECT_EQ(how.ended, 1);
        EXPECT_EQ(live, 0);
    }());
}

TEST(when_any, drops_the_value_of_one_that_ends_later) {
    std::atomic<int> live{0};
    const auto stubborn = [&]() -> task<counted> {
        (void)co_await as_result(sleep_for(1h));
        co_return counted(live);
    };
    EXPECT_EQ(run(when_any(stubborn(), give(1))).index(), 1U);
    EXPECT_EQ(live, 0);
}

TEST(when_any, throws_what_the_first_failed_with) {
    EXPECT_EQ(failure_of(when_any(sleep_for_ever(), fail("first"))), "first");
    EXPECT_EQ(failure_of(when_any(in_a_range(sleep_for_ever(), fail("first")))), "first");
    EXPECT_EQ(failure_of(when_any(fail("at once", 0), sleep_for_ever())), "at once");
}

TEST(when_any, reports_the_failures_of_the_others) {
    const unobserved_log log;
    const auto fail_when_cancelled = []() -> task<int> {
        (void)co_await as_result(sleep_for(1h));
        throw std::runtime_error("loser");
    };
    EXPECT_EQ(run(when_any(fail_when_cancelled(), give(1))).index(), 1U);
    EXPECT_EQ(log.taken(), std::vector<std::string>{"loser"});
    EXPECT_EQ(failure_of(when_any(fail_when_cancelled(), fail("winner"))), "winner");
    EXPECT_EQ(log.taken(), std::vector<std::string>{"loser"});
    EXPECT_EQ(run(when_any(in_a_range(fail_when_cancelled(), give(1)))).first, 1U);
    EXPECT_EQ(log.taken(), std::vector<std::string>{"loser"});
}

TEST(when_any, reports_no_cancellation_of_the_others) {
    const unobserved_log log;
    EXPECT_EQ(run(when_any(sleep_for_ever(), give(1), sleep_for_ever())).index(), 1U);
    EXPECT_TRUE(log.taken().empty());
}

TEST(when_any, is_cancelled_with_the_task_that_awaits) {
    run([]() -> task<> {
        const auto handle = spawn(when_any(sleep_for_ever(), sleep_for_ever()));
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(when_any, begins_nothing_in_a_task_that_was_cancelled) {
    bool begun = false;
    const auto work = [&]() -> task<int> {
        begun = true;
        co_return 1;
    };
    const auto body = [&]() -> task<> {
        g_cancellable_cancel(co_await current_cancellable());
        (void)co_await when_any(work(), work());
    };
    EXPECT_THROW(run(body()), cancelled);
    const auto body_with_range = [&]() -> task<> {
        g_cancellable_cancel(co_await current_cancellable());
        (void)co_await when_any(in_a_range(work(), work()));
    };
    EXPECT_THROW(run(body_with_range()), cancelled);
    EXPECT_FALSE(begun);
}

TEST(when_any, does_not_cancel_the_task_that_awaits) {
    run([]() -> task<> {
        (void)co_await when_any(give(1), sleep_for_ever());
        co_await yield();
    }());
}

TEST(when_any, goes_on_at_home_when_its_tasks_end_on_other_contexts) {
    const loop_thread elsewhere;
    run([&]() -> task<> {
        const auto here = std::this_thread::get_id();
        const auto wanderer = [&]() -> task<int> {
            co_await resume_on(elsewhere.context());
            co_return 1;
        };
        for (int i = 0; i < 200; ++i) {
            const auto value = co_await when_any(wanderer(), sleep_for_ever(), wanderer());
            EXPECT_NE(value.index(), 1U);
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    }());
}
