#include "gawait/select.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::let_others_run;

TEST(select, takes_what_is_there_from_the_first_that_has_something) {
    const test::own_context context;
    channel<int> numbers(2);
    channel<std::string> words(2);
    const auto body = [&]() -> task<> {
        co_await words.send("one");
        const auto word = co_await select(numbers, words);
        EXPECT_EQ(std::get<1>(word), "one");
        co_await words.send("two");
        co_await numbers.send(1);
        const auto number = co_await select(numbers, words);
        EXPECT_EQ(std::get<0>(number), 1);
        EXPECT_EQ(words.size(), 1U) << "nothing is taken of the other";
    };
    run(body());
}

TEST(select, waits_for_what_comes_first_and_loses_nothing_that_comes_with_it) {
    const test::own_context context;
    channel<int> first(1);
    channel<int> second(0);
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(select(first, second));
        co_await let_others_run();
        EXPECT_FALSE(waiting.done());
        const auto sending = spawn(second.send(2));
        co_await first.send(1);
        co_await let_others_run();
        const auto got = co_await waiting;
        const auto rest = co_await select(first, second);
        EXPECT_NE(got.index(), rest.index());
        co_await sending;
    };
    run(body());
}

TEST(select, shares_channels_with_those_who_receive) {
    const test::own_context context;
    channel<int> numbers(1);
    channel<int> others(1);
    const auto body = [&]() -> task<> {
        const auto selecting = spawn(select(numbers, others));
        const auto receiving = spawn([&]() -> task<> { co_await numbers.receive(); });
        co_await let_others_run();
        EXPECT_TRUE(numbers.try_send(1));
        co_await receiving;
        co_await let_others_run();
        EXPECT_FALSE(selecting.done()) << "the value went to the receiver";
        EXPECT_TRUE(others.try_send(2));
        const auto got = co_await selecting;
        EXPECT_EQ(std::get<1>(got), 2);
    };
    run(body());
}

TEST(select, passes_over_a_channel_that_is_closed_and_empty) {
    const test::own_context context;
    channel<int> numbers(1);
    channel<int> others(1);
    const auto body = [&]() -> task<> {
        co_await numbers.send(1);
        numbers.close();
        const auto kept = co_await select(numbers, others);
        EXPECT_EQ(std::get<0>(kept), 1) << "what was sent before it was closed";
        co_await others.send(2);
        const auto other = co_await select(numbers, others);
        EXPECT_EQ(std::get<1>(other), 2);
        const auto waiting = spawn(select(numbers, others));
        co_await let_others_run();
        EXPECT_FALSE(waiting.done());
        co_await others.send(3);
        const auto later = co_await waiting;
        EXPECT_EQ(std::get<1>(later), 3);
    };
    run(body());
}

TEST(select, gives_nothing_once_all_channels_are_closed) {
    const test::own_context context;
    channel<int> numbers(1);
    channel<int> others(1);
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(select(numbers, others));
        co_await let_others_run();
        numbers.close();
        co_await let_others_run();
        EXPECT_FALSE(waiting.done()) << "the other is open";
        others.close();
        const auto got = co_await waiting;
        EXPECT_EQ(std::get<0>(got), std::nullopt);
        const auto again = co_await select(numbers, others);
        EXPECT_EQ(std::get<0>(again), std::nullopt);
    };
    run(body());
}

TEST(select, fails_when_a_channel_goes_with_what_it_waits_for) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto numbers = std::make_unique<channel<int>>(1);
        channel<std::string> words(1);
        const auto waiting = spawn(select(words, *numbers));
        co_await let_others_run();
        EXPECT_TRUE(numbers->try_send(1));
        numbers.reset();
        EXPECT_TRUE((co_await as_result(waiting)).error().matches(G_IO_ERROR_CLOSED));

        EXPECT_TRUE(words.try_send("kept"));
        EXPECT_EQ(std::get<0>(co_await select(words)), "kept");
    };
    run(body());
}

TEST(select, that_is_cancelled_takes_nothing) {
    const test::own_context context;
    channel<int> numbers(1);
    const auto body = [&]() -> task<> {
        const auto late = co_await as_result(with_timeout(1ms, select(numbers)));
        EXPECT_TRUE(late.error().matches(G_IO_ERROR_TIMED_OUT));
        co_await numbers.send(1);
        EXPECT_EQ(co_await numbers.receive(), 1);
    };
    run(body());
}

TEST(select, in_a_task_of_another_context_is_refused) {
    channel<int> numbers(1);
    {
        const test::own_context first;
        run([&]() -> task<> { co_await numbers.send(1); }());
        const test::own_context second;
        const auto refused = run(as_result(select(numbers)));
        EXPECT_TRUE(refused.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    }
}

} // namespace
} // namespace gawait
