#include "gawait/sleep.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/yield.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::note;

using namespace std::chrono_literals;

constexpr auto for_ever = clock::time_point::max();

task<> note_after(clock::time_point deadline, char name, std::string& log) {
    co_await sleep_until(deadline);
    log += name;
}

TEST(sleep, never_ends_early) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (const auto length : {1ns, 999ns, 1'000ns, 500'000ns, 1'000'001ns, 20'000'000ns}) {
            const auto deadline = clock::now() + length;
            co_await sleep_for(length);
            EXPECT_GE(clock::now(), deadline) << length.count() << " ns";
        }
    };
    run(body());
}

/// Goes on with a coroutine on a thread that does not iterate its context.
struct on_foreign_thread {
    std::thread& started;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) const {
        std::thread& to = started; // not of this object, which may go meanwhile
        to = std::thread([awaiting] { awaiting.resume(); });
    }
    void await_resume() const noexcept {}
};

TEST(sleep, on_a_foreign_thread_throws_and_waits_no_longer) {
    const test::own_context context;
    std::thread started;
    std::atomic<bool> refused{false};
    bool was_cancelled = false;
    const auto strays = [&]() -> task<> {
        co_await on_foreign_thread{started};
        const auto slept = co_await as_result(sleep_for(1h));
        refused = slept.has_error() && slept.error().matches(G_IO_ERROR_INVALID_ARGUMENT);
        co_await yield(); // and home again
        const auto slept_at_home = co_await as_result(sleep_for(1h));
        was_cancelled = slept_at_home.was_cancelled();
    };
    const auto handle = spawn(strays());
    EXPECT_TRUE(context.iterate_until([&] { return refused.load(); }));
    started.join();
    context.iterate_while_ready();
    handle.cancel();
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    EXPECT_TRUE(was_cancelled);
}

TEST(sleep, until_a_point_in_time_never_ends_before_it) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto deadline = clock::now() + 5ms;
        co_await sleep_until(deadline);
        EXPECT_GE(clock::now(), deadline);
    };
    run(body());
}

TEST(sleep, ends_in_the_order_of_the_deadlines) {
    const test::own_context context;
    std::string log;
    const auto now = clock::now();
    const auto third = spawn(note_after(now + 9ms, 'c', log));
    const auto first = spawn(note_after(now + 3ms, 'a', log));
    const auto second = spawn(note_after(now + 6ms, 'b', log));
    EXPECT_TRUE(context.iterate_until([&] { return log.size() == 3; }));
    EXPECT_EQ(log, "abc");
}

TEST(sleep, of_one_deadline_end_in_the_order_in_which_they_began) {
    const test::own_context context;
    std::string log;
    const auto deadline = clock::now() + 3ms;
    std::vector<join_handle<void>> handles;
    for (const char name : std::string("abcdefgh"))
        handles.push_back(spawn(note_after(deadline, name, log)));
    EXPECT_TRUE(context.iterate_until([&] { return log.size() == 8; }));
    EXPECT_EQ(log, "abcdefgh");
}

TEST(sleep, until_a_time_in_the_past_lets_the_loop_go_round_once) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        for (const auto deadline :
             {clock::now() - 1h, clock::time_point(), clock::time_point::min()}) {
            log.clear();
            const auto other = spawn(note('o', log));
            co_await sleep_until(deadline);
            log += 's';
            EXPECT_EQ(log, "os");
        }
    };
    run(body());
}

TEST(sleep, for_zero_or_a_negative_time_lets_the_loop_go_round_once) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        for (const auto length : {0ns, -1ns, std::chrono::nanoseconds::min()}) {
            log.clear();
            const auto other = spawn(note('o', log));
            co_await sleep_for(length);
            log += 's';
            EXPECT_EQ(log, "os");
        }
    };
    run(body());
}

TEST(sleep, for_a_time_counts_it_from_the_call) {
    const test::own_context context;
    int rounds = 0;
    const auto count_rounds = [&]() -> task<> {
        for (;; ++rounds)
            co_await yield();
    };
    const auto body = [&]() -> task<> {
        const auto counting = spawn(count_rounds());
        auto sleeping = sleep_for(20ms);
        std::this_thread::sleep_for(30ms);
        co_await sleeping;
        EXPECT_LE(rounds, 3) << "the time was over when the sleep was awaited";
        counting.cancel();
        EXPECT_TRUE((co_await as_result(counting)).was_cancelled());
    };
    run(body());
}

TEST(sleep, a_time_longer_than_the_clock_can_express_is_for_ever) {
    EXPECT_EQ(deadline_after(std::chrono::hours::max()), for_ever);
    EXPECT_EQ(deadline_after(std::chrono::nanoseconds::max()), for_ever);
    EXPECT_EQ(deadline_after(std::chrono::years(300)), for_ever);
    EXPECT_EQ(deadline_after(std::chrono::duration<double>(1e300)), for_ever);
    EXPECT_EQ(deadline_after(std::chrono::duration<float>(1e38F)), for_ever);
    EXPECT_EQ(
        deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::infinity())),
        for_ever);
    EXPECT_EQ(
        deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
        for_ever);
    EXPECT_EQ(deadline_after(std::chrono::duration<unsigned long long, std::ratio<86400>>::max()),
              for_ever);
}

TEST(sleep, a_time_that_the_clock_can_just_express_lies_in_the_future) {
    const auto deadline = deadline_after(std::chrono::years(200));
    EXPECT_LT(deadline, for_ever);
    EXPECT_GT(deadline, clock::now() + std::chrono::years(199));
}

TEST(sleep, a_negative_time_of_any_type_is_zero) {
    const auto earliest = clock::now();
    for (const auto deadline : {deadline_after(std::chrono::hours::min()), deadline_after(-1ns),
                                deadline_after(std::chrono::duration<double>(-1e300)),
                                deadline_after(std::chrono::duration<double>(
                                    -std::numeric_limits<double>::infinity()))}) {
        EXPECT_GE(deadline, earliest);
        EXPECT_LE(deadline, clock::now());
    }
}

TEST(sleep, takes_fractions_of_a_second) {
    const auto earliest = clock::now() + 250ms;
    const auto deadline = deadline_after(std::chrono::duration<double>(0.25));
    EXPECT_GE(deadline, earliest);
    EXPECT_LE(deadline, clock::now() + 250ms);
}

TEST(sleep, for_ever_ends_by_cancellation_only) {
    const test::own_context context;
    const auto body = []() -> task<> {
        std::vector<join_handle<void>> sleeping;
        sleeping.push_back(spawn(sleep_until(for_ever)));
        sleeping.push_back(spawn(sleep_for(std::chrono::hours::max())));
        sleeping.push_back(spawn(
            sleep_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()))));
        sleeping.push_back(spawn(sleep_until(for_ever - 1ns)));
        co_await sleep_for(5ms);
        for (const auto& each : sleeping) {
            EXPECT_FALSE(each.done());
            each.cancel();
        }
        for (const auto& each : sleeping)
            EXPECT_TRUE((co_await as_result(each)).was_cancelled());
    };
    run(body());
}

TEST(sleep, cancelled_before_it_begins_throws_at_once) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        const auto other = spawn(note('o', log));
        env.cancel->request();
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
            log += 'c';
        }
        EXPECT_EQ(log, "c");
    };
    run(body());
}

TEST(sleep, cancelled_meanwhile_throws_in_a_later_round) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto sleeping = spawn(sleep_for(1h));
        co_await yield();
        sleeping.cancel();
        EXPECT_FALSE(sleeping.done());
        EXPECT_TRUE((co_await as_result(sleeping)).was_cancelled());
    };
    run(body());
}

TEST(sleep, cancelled_from_another_thread_throws) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto sleeping = spawn(sleep_for(1h));
        co_await yield();
        const std::jthread canceller([&] { sleeping.cancel(); });
        EXPECT_TRUE((co_await as_result(sleeping)).was_cancelled());
    };
    run(body());
}

TEST(sleep, that_is_over_is_not_undone_by_a_cancellation_in_the_same_round) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto deadline = clock::now() + 2ms;
        bool woke = false;
        bool cancelled_at_next_await = false;
        const auto sleeper = [&]() -> task<> {
            co_await sleep_until(deadline);
            woke = true;
            cancelled_at_next_await = (co_await as_result(sleep_for(1h))).was_cancelled();
        };
        std::optional<join_handle<void>> sleeping;
        const auto canceller = [&]() -> task<> {
            co_await sleep_until(deadline);
            sleeping->cancel(); // the other's timer is queued behind this one's
        };
        const auto cancelling = spawn(canceller());
        sleeping.emplace(spawn(sleeper()));
        co_await *sleeping;
        EXPECT_TRUE(woke);
        EXPECT_TRUE(cancelled_at_next_await);
    };
    run(body());
}

TEST(sleep, many_at_a_time_all_end_once) {
    const test::own_context context;
    const auto body = []() -> task<> {
        int ended = 0;
        const auto sleeper = [&](int number) -> task<> {
            co_await sleep_for(std::chrono::microseconds((number * 7919) % 5000));
            ++ended;
        };
        std::vector<join_handle<void>> sleeping;
        for (int number = 0; number < 2000; ++number)
            sleeping.push_back(spawn(sleeper(number)));
        for (const auto& each : sleeping)
            co_await each;
        EXPECT_EQ(ended, 2000);
    };
    run(body());
}

} // namespace
} // namespace gawait
