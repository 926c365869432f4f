#include "gawait/thread_channel.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/to_thread.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace gawait {
namespace {

using test::let_others_run;

TEST(thread_channel, gives_what_was_sent_in_order) {
    const test::own_context context;
    thread_channel<int> numbers(3);
    const auto body = [&]() -> task<> {
        for (int number = 0; number < 3; ++number)
            EXPECT_TRUE(numbers.try_send(number));
        EXPECT_EQ(numbers.size(), 3U);
        for (int number = 0; number < 3; ++number)
            EXPECT_EQ(co_await numbers.receive(), number);
    };
    run(body());
}

TEST(thread_channel, wakes_who_waits_from_another_thread_in_the_order_in_which_they_came) {
    const test::own_context context;
    thread_channel<int> numbers(0);
    const auto receive = [&]() -> task<int> { co_return *co_await numbers.receive(); };
    const auto body = [&]() -> task<> {
        const auto first = spawn(receive);
        const auto second = spawn(receive);
        co_await let_others_run();
        const auto send = [&] { return numbers.try_send(1) && numbers.try_send(2); };
        EXPECT_TRUE(co_await to_thread(send));
        EXPECT_EQ(co_await first, 1);
        EXPECT_EQ(co_await second, 2);
    };
    run(body());
}

TEST(thread_channel, that_is_full_leaves_the_value_with_who_tries) {
    thread_channel<std::unique_ptr<int>> full(1);
    auto kept = std::make_unique<int>(2);
    EXPECT_TRUE(full.try_send(std::make_unique<int>(1)));
    EXPECT_FALSE(full.try_send(std::move(kept)));
    EXPECT_EQ(*kept, 2);
}

TEST(thread_channel, drops_the_oldest_for_the_newest) {
    const test::own_context context;
    thread_channel<int> numbers(2);
    EXPECT_TRUE(numbers.send_newest(1));
    EXPECT_TRUE(numbers.send_newest(2));
    EXPECT_FALSE(numbers.send_newest(3));
    const auto body = [&]() -> task<> {
        EXPECT_EQ(co_await numbers.receive(), 2);
        EXPECT_EQ(co_await numbers.receive(), 3);
    };
    run(body());
}

TEST(thread_channel, that_is_closed_gives_what_is_in_it_and_then_nothing) {
    const test::own_context context;
    thread_channel<int> numbers(2);
    const auto body = [&]() -> task<> {
        numbers.try_send(1);
        numbers.close();
        numbers.close();
        EXPECT_FALSE(numbers.try_send(2));
        EXPECT_EQ(co_await numbers.receive(), 1);
        EXPECT_EQ(co_await numbers.receive(), std::nullopt);
    };
    run(body());
}

TEST(thread_channel, that_another_thread_closes_ends_all_waits) {
    const test::own_context context;
    thread_channel<int> numbers(2);
    const auto receive = [&]() -> task<std::optional<int>> {
        co_return co_await numbers.receive();
    };
    const auto body = [&]() -> task<> {
        const auto first = spawn(receive);
        const auto second = spawn(receive);
        co_await let_others_run();
        co_await to_thread([&] { numbers.close(); });
        EXPECT_EQ(co_await first, std::nullopt);
        EXPECT_EQ(co_await second, std::nullopt);
    };
    run(body());
}

TEST(thread_channel, loses_nothing_to_a_wait_that_is_cancelled) {
    const test::own_context context;
    thread_channel<int> numbers(1);
    const auto body = [&]() -> task<> {
        const auto waiting = spawn([&]() -> task<> { co_await numbers.receive(); });
        co_await let_others_run();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        numbers.try_send(1);
        EXPECT_EQ(co_await numbers.receive(), 1);
    };
    run(body());
}

TEST(thread_channel, loses_and_doubles_nothing_while_threads_send_and_waits_are_cancelled) {
    const test::own_context context;
    constexpr int each = 2000;
    thread_channel<int> numbers(16);
    const auto send_all = [&] {
        for (int number = 1; number <= each; ++number)
            while (!numbers.try_send(number))
                std::this_thread::yield();
    };
    const auto body = [&]() -> task<> {
        std::thread first(send_all);
        std::thread second(send_all);
        long sum = 0;
        for (int received = 0; received < 2 * each;) {
            const auto waiting =
                spawn([&]() -> task<int> { co_return *co_await numbers.receive(); });
            if (received % 3 == 0)
                waiting.cancel();
            const auto number = co_await as_result(waiting);
            if (number.was_cancelled()) {
                sum += *co_await numbers.receive();
            } else {
                sum += number.value();
            }
            ++received;
        }
        first.join();
        second.join();
        EXPECT_EQ(sum, long(each) * (each + 1));
    };
    run(body());
}

TEST(thread_channel, is_received_from_in_several_contexts) {
    const test::own_context context;
    const test::loop_thread other;
    thread_channel<int> numbers(0);
    const auto receive = [&]() -> task<int> { co_return *co_await numbers.receive(); };
    const auto body = [&]() -> task<> {
        const auto here = spawn(receive);
        const auto there = spawn_on(other.context(), receive);
        while (!numbers.try_send(1))
            co_await yield();
        while (!numbers.try_send(1))
            co_await yield();
        EXPECT_EQ(co_await here + co_await there, 2);
    };
    run(body());
}

} // namespace
} // namespace gawait
