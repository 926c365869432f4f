#include "gawait/with_timeout.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/yield.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::filler;
using gawait::test::give;
using gawait::test::own_context;
using gawait::test::sleep_for_ever;

namespace {

task<gssize> fill(filler& how) {
    std::array<char, 64> buffer{};
    co_return co_await async(test::fill_async, test::fill_finish, &how, buffer.data(),
                             gsize(buffer.size()));
}

template <class T> bool timed_out(const result<T>& outcome) {
    return outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT);
}

} // namespace

TEST(with_timeout, gives_what_comes_in_time) {
    int object = 1;
    EXPECT_EQ(run(with_timeout(1h, give(5))), 5);
    EXPECT_EQ(*run(with_timeout(1h, give(std::make_unique<int>(6)))), 6);
    EXPECT_EQ(&run(with_timeout(1h, give<int&>(object))), &object);
    run(with_timeout(1h, yield()));
}

TEST(with_timeout, throws_what_fails_in_time) {
    const auto fail = []() -> task<> {
        co_await yield();
        throw std::runtime_error("in time");
    };
    EXPECT_THROW(run(with_timeout(1h, fail())), std::runtime_error);
}

TEST(with_timeout, throws_timed_out_when_the_time_is_over) {
    const auto before = std::chrono::steady_clock::now();
    try {
        run(with_timeout(5ms, sleep_for(1h)));
        ADD_FAILURE() << "there was no limit";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_STREQ(failure.what(), "gawait::with_timeout: the time is over");
    }
    EXPECT_GE(std::chrono::steady_clock::now() - before, 5ms);
}

TEST(with_timeout, counts_from_the_call) {
    run([]() -> task<> {
        auto limited = with_timeout(1ms, sleep_for(1h));
        const auto before = std::chrono::steady_clock::now();
        co_await sleep_for(2ms);
        const auto outcome = co_await as_result(std::move(limited));
        EXPECT_TRUE(timed_out(outcome));
        EXPECT_GE(std::chrono::steady_clock::now() - before, 2ms);
    }());
}

TEST(with_timeout, waits_until_the_operation_has_ended) {
    filler how{.late = 10ms};
    run([&]() -> task<> {
        const auto outcome = co_await as_result(with_timeout(1ms, fill(how)));
        EXPECT_TRUE(timed_out(outcome));
        EXPECT_EQ(how.ended, how.begun);
    }());
}

TEST(with_timeout, gives_a_result_that_was_come_to_in_spite_of_it) {
    filler how{.stubborn = true};
    EXPECT_EQ(run(with_timeout(20ms, fill(how))), 64);
}

TEST(with_timeout, throws_what_fails_after_it) {
    const auto fail_late = []() -> task<> {
        (void)co_await as_result(sleep_for(1h));
        throw std::runtime_error("late");
    };
    EXPECT_THROW(run(with_timeout(1ms, fail_late())), std::runtime_error);
}

TEST(with_timeout, does_not_cancel_the_task_that_awaits) {
    run([]() -> task<> {
        const auto outcome = co_await as_result(with_timeout(1ms, sleep_for(1h)));
        EXPECT_TRUE(timed_out(outcome));
        co_await yield();
    }());
}

TEST(with_timeout, is_cancelled_with_the_task_that_awaits) {
    run([]() -> task<> {
        const auto handle = spawn(with_timeout(1h, sleep_for(1h)));
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(with_timeout, tells_a_cancellation_that_came_first_from_its_own) {
    filler how{.late = 20ms};
    run([&]() -> task<> {
        const auto handle = spawn(with_timeout(10ms, fill(how)));
        while (how.begun == 0)
            co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_FALSE(timed_out(outcome));
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(with_timeout, nested_the_inner_may_be_over_first) {
    run([]() -> task<> {
        bool inner_timed_out = false;
        const auto inner = [&]() -> task<int> {
            const auto outcome = co_await as_result(with_timeout(1ms, sleep_for_ever()));
            inner_timed_out = timed_out(outcome);
            co_return co_await give(5);
        };
        const int value = co_await with_timeout(1h, inner());
        EXPECT_EQ(value, 5);
        EXPECT_TRUE(inner_timed_out);
    }());
}

TEST(with_timeout, nested_the_outer_may_be_over_first) {
    run([]() -> task<> {
        bool inner_was_cancelled = false;
        const auto inner = [&]() -> task<> {
            const auto outcome = co_await as_result(with_timeout(1h, sleep_for_ever()));
            inner_was_cancelled = outcome.was_cancelled();
            co_await yield();
        };
        const auto outcome = co_await as_result(with_timeout(1ms, inner()));
        EXPECT_TRUE(timed_out(outcome));
        EXPECT_TRUE(inner_was_cancelled);
    }());
}

TEST(with_timeout, nested_with_both_over_at_the_same_time_times_out) {
    run([]() -> task<> {
        const auto outcome =
            co_await as_result(with_timeout(1ms, with_timeout(1ms, sleep_for_ever())));
        EXPECT_TRUE(timed_out(outcome));
    }());
}

TEST(with_timeout, of_zero_still_begins_and_times_out_when_it_suspends) {
    run([]() -> task<> {
        const int at_once = co_await with_timeout(0s, give(5, false));
        EXPECT_EQ(at_once, 5);
        const auto outcome = co_await as_result(with_timeout(0s, sleep_for_ever()));
        EXPECT_TRUE(timed_out(outcome));
    }());
}

TEST(with_timeout, of_a_negative_length_is_one_of_zero) {
    run([]() -> task<> {
        for (const auto length : {-1s, std::chrono::seconds::min()}) {
            const int at_once = co_await with_timeout(length, give(5, false));
            EXPECT_EQ(at_once, 5);
            const auto outcome = co_await as_result(with_timeout(length, sleep_for_ever()));
            EXPECT_TRUE(timed_out(outcome));
        }
    }());
}

TEST(with_timeout, longer_than_the_clock_can_tell_never_comes) {
    EXPECT_EQ(run(with_timeout(std::chrono::hours::max(), give(5))), 5);
    EXPECT_EQ(run(with_timeout(std::chrono::duration<double>::max(), give(5))), 5);
    const std::chrono::duration<double> infinite(std::numeric_limits<double>::infinity());
    EXPECT_EQ(run(with_timeout(infinite, give(5))), 5);
}

TEST(with_timeout, of_a_task_that_was_moved_from_throws_and_leaves_no_timer) {
    run([]() -> task<> {
        const auto outcome = co_await as_result(with_timeout(1ms, task<int>()));
        EXPECT_TRUE(outcome.has_error());
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
        co_await sleep_for(5ms);
    }());
}

TEST(with_timeout, racing_with_completion_ends_one_way_or_the_other) {
    std::mt19937 random(20244);
    int values = 0;
    int timeouts = 0;
    run([&]() -> task<> {
        for (int i = 0; i < 2000; ++i) {
            const auto work = [](std::chrono::microseconds length) -> task<int> {
                co_await sleep_for(length);
                co_return 1;
            };
            const std::chrono::microseconds length(random() % 100);
            const std::chrono::microseconds limit(random() % 100);
            const auto outcome = co_await as_result(with_timeout(limit, work(length)));
            EXPECT_TRUE(outcome.has_value() || timed_out(outcome));
            ++(outcome ? values : timeouts);
        }
    }());
    EXPECT_EQ(values + timeouts, 2000);
}

TEST(with_timeout, ends_when_the_context_is_destroyed) {
    bool was_cancelled = false;
    const auto body = [&]() -> task<> {
        const auto outcome = co_await as_result(with_timeout(1h, sleep_for_ever()));
        was_cancelled = outcome.was_cancelled();
    };
    {
        const own_context context;
        (void)spawn(body());
        context.iterate_while_ready();
    }
    EXPECT_TRUE(was_cancelled);
}
