#include "gawait/event.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::let_others_run;

task<> wait_and_note(event& awaited, char name, std::string& log) {
    co_await awaited.wait();
    log += name;
}

TEST(event, is_not_set_at_first) {
    const event fresh;
    EXPECT_FALSE(fresh.is_set());
}

TEST(event, lets_all_go_on_that_wait_in_the_order_in_which_they_came) {
    const test::own_context context;
    event happened;
    std::string log;
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> waiting;
        for (const char name : std::string("abcd"))
            waiting.push_back(spawn(wait_and_note(happened, name, log)));
        co_await let_others_run();
        EXPECT_EQ(log, "");
        happened.set();
        EXPECT_TRUE(happened.is_set());
        EXPECT_EQ(log, "") << "they go on in a later round";
        for (const auto& each : waiting)
            co_await each;
    };
    run(body());
    EXPECT_EQ(log, "abcd");
}

TEST(event, that_is_set_is_not_waited_for) {
    const test::own_context context;
    event happened;
    happened.set();
    std::string log;
    const auto body = [&]() -> task<> {
        const auto other = spawn(wait_and_note(happened, 'o', log));
        co_await happened.wait();
        co_await happened.wait();
        log += 'h';
        co_await other;
    };
    run(body());
    EXPECT_EQ(log, "ho");
}

TEST(event, that_is_reset_at_once_lets_all_go_on_that_waited_and_nobody_else) {
    const test::own_context context;
    event happened;
    std::string log;
    const auto body = [&]() -> task<> {
        const auto first = spawn(wait_and_note(happened, 'a', log));
        const auto second = spawn(wait_and_note(happened, 'b', log));
        co_await let_others_run();
        happened.set();
        happened.reset();
        EXPECT_FALSE(happened.is_set());
        const auto late = spawn(wait_and_note(happened, 'c', log));
        co_await first;
        co_await second;
        co_await let_others_run();
        EXPECT_EQ(log, "ab");
        EXPECT_FALSE(late.done());
        happened.set();
        co_await late;
    };
    run(body());
    EXPECT_EQ(log, "abc");
}

TEST(event, may_be_set_twice_and_reset_twice) {
    const test::own_context context;
    event happened;
    happened.set();
    happened.set();
    run(happened.wait());
    happened.reset();
    happened.reset();
    EXPECT_FALSE(happened.is_set());
}

TEST(event, lets_a_cancelled_wait_throw_and_the_others_go_on) {
    const test::own_context context;
    event happened;
    std::string log;
    const auto body = [&]() -> task<> {
        const auto first = spawn(wait_and_note(happened, 'a', log));
        const auto second = spawn(wait_and_note(happened, 'b', log));
        const auto third = spawn(wait_and_note(happened, 'c', log));
        co_await let_others_run();
        second.cancel();
        EXPECT_TRUE((co_await as_result(second)).was_cancelled());
        happened.set();
        co_await first;
        co_await third;
    };
    run(body());
    EXPECT_EQ(log, "ac");
}

TEST(event, that_is_set_throws_for_a_cancelled_task_all_the_same) {
    const test::own_context context;
    event happened;
    happened.set();
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await happened.wait();
    };
    EXPECT_THROW(run(body()), cancelled);
}

TEST(event, set_in_the_round_of_a_cancellation_ends_each_wait_once) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (const bool cancel_first : {false, true}) {
            event happened;
            std::string log;
            const auto raced = spawn(wait_and_note(happened, 'r', log));
            const auto other = spawn(wait_and_note(happened, 'o', log));
            co_await let_others_run();
            if (cancel_first)
                raced.cancel();
            happened.set();
            if (!cancel_first)
                raced.cancel();
            const auto outcome = co_await as_result(raced);
            co_await other;
            EXPECT_EQ(log, outcome.was_cancelled() ? "o" : "ro");
        }
    };
    run(body());
}

TEST(event, set_while_another_thread_cancels_ends_each_wait_once) {
    const test::own_context context;
    int ended = 0;
    const auto waiter = [&](event& awaited) -> task<> {
        (void)co_await as_result(awaited.wait());
        ++ended;
    };
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 300; ++round) {
            event happened;
            const auto waiting = spawn(waiter(happened));
            co_await let_others_run();
            const std::jthread canceller([&] { waiting.cancel(); });
            happened.set();
            co_await waiting;
        }
    };
    run(body());
    EXPECT_EQ(ended, 300);
}

} // namespace
} // namespace gawait
