#include "gawait/semaphore.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/when_all.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::let_others_run;

task<> acquire_and_note(semaphore& permits, char name, std::string& log) {
    co_await permits.acquire();
    log += name;
}

TEST(semaphore, gives_as_many_permits_as_it_has_at_once) {
    const test::own_context context;
    semaphore permits(2);
    std::string log;
    const auto body = [&]() -> task<> {
        EXPECT_EQ(permits.available(), 2U);
        const auto other = spawn(let_others_run());
        co_await permits.acquire();
        co_await permits.acquire();
        EXPECT_EQ(permits.available(), 0U);
        EXPECT_FALSE(other.done()) << "the loop went round";
        const auto third = spawn(acquire_and_note(permits, 'c', log));
        co_await let_others_run();
        EXPECT_EQ(log, "");
        permits.release();
        co_await third;
        EXPECT_EQ(log, "c");
        EXPECT_EQ(permits.available(), 0U);
        permits.release();
        permits.release();
        EXPECT_EQ(permits.available(), 2U);
    };
    run(body());
}

TEST(semaphore, has_less_permits_after_they_were_reduced) {
    const test::own_context context;
    semaphore permits(3);
    std::string log;
    const auto body = [&]() -> task<> {
        co_await permits.acquire();
        co_await permits.acquire();
        permits.reduce(2); // the one to spare, and one of those two
        EXPECT_EQ(permits.available(), 0U);
        const auto third = spawn(acquire_and_note(permits, 'c', log));
        co_await let_others_run();
        permits.release();
        co_await let_others_run();
        EXPECT_EQ(log, "") << "that one was taken away";
        permits.release();
        co_await third;
        EXPECT_EQ(log, "c");
        permits.reduce(1);
        permits.release(); // more of them again
        EXPECT_EQ(permits.available(), 0U);
        permits.release();
        EXPECT_EQ(permits.available(), 1U);
    };
    run(body());
}

TEST(semaphore, serves_first_come_first_served) {
    const test::own_context context;
    semaphore permits(0);
    std::string log;
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> waiting;
        for (const char name : std::string("abcdef"))
            waiting.push_back(spawn(acquire_and_note(permits, name, log)));
        co_await let_others_run();
        for (std::size_t count = 0; count < waiting.size(); ++count)
            permits.release();
        for (const auto& each : waiting)
            co_await each;
    };
    run(body());
    EXPECT_EQ(log, "abcdef");
    EXPECT_EQ(permits.available(), 0U);
}

TEST(semaphore, lets_nobody_overtake_a_task_that_waits) {
    const test::own_context context;
    semaphore permits(0);
    std::string log;
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(acquire_and_note(permits, 'a', log));
        co_await let_others_run();
        permits.release(); // is the waiting task's, though that has not gone on yet
        EXPECT_FALSE(permits.try_acquire());
        const auto newer = spawn(acquire_and_note(permits, 'b', log));
        co_await waiting;
        co_await let_others_run();
        EXPECT_EQ(log, "a");
        permits.release();
        co_await newer;
    };
    run(body());
    EXPECT_EQ(log, "ab");
}

TEST(semaphore, gives_a_permit_to_spare_without_waiting) {
    semaphore permits(1);
    EXPECT_TRUE(permits.try_acquire());
    EXPECT_FALSE(permits.try_acquire());
    permits.release();
    EXPECT_EQ(permits.available(), 1U);
    EXPECT_TRUE(permits.try_acquire());
}

TEST(semaphore, may_be_given_more_permits_than_it_began_with) {
    const test::own_context context;
    semaphore permits(0);
    permits.release();
    permits.release();
    EXPECT_EQ(permits.available(), 2U);
    run(permits.acquire());
    EXPECT_EQ(permits.available(), 1U);
}

TEST(semaphore, cancelled_waiters_take_no_permit_and_leave_no_gap) {
    const test::own_context context;
    semaphore permits(0);
    std::string log;
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> waiting;
        for (const char name : std::string("abcde"))
            waiting.push_back(spawn(acquire_and_note(permits, name, log)));
        co_await let_others_run();
        for (const std::size_t gone : {0U, 2U, 4U}) {
            waiting[gone].cancel();
            EXPECT_TRUE((co_await as_result(waiting[gone])).was_cancelled());
        }
        permits.release();
        permits.release();
        permits.release();
        co_await waiting[1];
        co_await waiting[3];
        EXPECT_EQ(permits.available(), 1U);
    };
    run(body());
    EXPECT_EQ(log, "bd");
}

TEST(semaphore, waiters_cancelled_from_another_thread_take_no_permit) {
    const test::own_context context;
    semaphore permits(0);
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(permits.acquire());
        co_await let_others_run();
        const std::jthread canceller([&] { waiting.cancel(); });
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        permits.release();
        EXPECT_EQ(permits.available(), 1U);
    };
    run(body());
}

TEST(semaphore, a_cancelled_task_takes_no_permit_even_if_there_is_one) {
    const test::own_context context;
    semaphore permits(1);
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(permits.acquire())).was_cancelled());
        EXPECT_EQ(permits.available(), 1U);
    };
    run(body());
}

TEST(semaphore, a_permit_given_in_the_round_of_a_cancellation_is_not_lost) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (const bool cancel_first : {false, true}) {
            semaphore permits(0);
            const auto waiting = spawn(permits.acquire());
            co_await let_others_run();
            if (cancel_first)
                waiting.cancel();
            permits.release();
            if (!cancel_first)
                waiting.cancel();
            const bool acquired = (co_await as_result(waiting)).has_value();
            EXPECT_EQ(permits.available(), acquired ? 0U : 1U);
        }
    };
    run(body());
}

TEST(semaphore, a_permit_given_while_another_thread_cancels_is_not_lost) {
    const test::own_context context;
    const auto body = []() -> task<> {
        semaphore permits(0);
        for (int round = 0; round < 300; ++round) {
            const auto waiting = spawn(permits.acquire());
            co_await let_others_run();
            const std::jthread canceller([&] { waiting.cancel(); });
            permits.release();
            if ((co_await as_result(waiting)).has_value())
                EXPECT_EQ(permits.available(), 0U);
            else
                EXPECT_TRUE(permits.try_acquire());
        }
    };
    run(body());
}

TEST(semaphore, bounds_how_many_tasks_are_at_work) {
    const test::own_context context;
    semaphore permits(3);
    int at_work = 0;
    int most_at_work = 0;
    int done = 0;
    const auto worker = [&](int number) -> task<> {
        co_await permits.acquire();
        most_at_work = std::max(most_at_work, ++at_work);
        for (int round = 0; round < number % 4; ++round)
            co_await yield();
        --at_work;
        ++done;
        permits.release();
    };
    const auto body = [&]() -> task<> {
        std::vector<task<>> workers;
        for (int number = 0; number < 100; ++number)
            workers.push_back(worker(number));
        co_await when_all(std::move(workers));
    };
    run(body());
    EXPECT_EQ(most_at_work, 3);
    EXPECT_EQ(done, 100);
    EXPECT_EQ(permits.available(), 3U);
}

TEST(semaphore, that_tasks_of_two_contexts_wait_for_throws_invalid_argument) {
    const test::own_context context;
    semaphore permits(0);
    const auto waiting = spawn(permits.acquire());
    context.iterate_while_ready();
    {
        const test::own_context other;
        try {
            run(permits.acquire());
            ADD_FAILURE() << "waited in another context";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
        }
    }
    permits.release();
    EXPECT_TRUE(context.iterate_until([&] { return waiting.done(); }));
}

TEST(semaphore, that_is_gone_takes_no_permit_back) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto first = std::make_unique<semaphore>(2);
        semaphore second(1);
        auto one = co_await first->hold();
        auto other = co_await first->hold();
        auto moved = std::move(one);
        first.reset();
        other = co_await second.hold();
        EXPECT_EQ(second.available(), 0U);
        other = std::move(moved);
        EXPECT_EQ(second.available(), 1U);
    };
    run(body());
}

TEST(semaphore, that_goes_before_its_task_goes_on_fails_that) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto permits = std::make_unique<semaphore>(0);
        const auto acquiring = spawn(permits->acquire());
        const auto holding = spawn([&]() -> task<> { const auto held = co_await permits->hold(); });
        co_await let_others_run();
        permits->release();
        permits->release();
        permits.reset();
        EXPECT_TRUE((co_await as_result(acquiring)).error().matches(G_IO_ERROR_CLOSED));
        EXPECT_TRUE((co_await as_result(holding)).error().matches(G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST(semaphore, takes_a_permit_back_from_who_held_it) {
    const test::own_context context;
    semaphore free(1);
    const auto body = [&]() -> task<> {
        {
            const auto permit = co_await free.hold();
            EXPECT_EQ(free.available(), 0U);
            const auto next = spawn([&]() -> task<> { const auto held = co_await free.hold(); });
            co_await test::let_others_run();
            EXPECT_FALSE(next.done());
            next.cancel();
            EXPECT_TRUE((co_await as_result(next)).was_cancelled());
        }
        EXPECT_EQ(free.available(), 1U);
    };
    run(body());
}

} // namespace
} // namespace gawait
