#include "gawait/channel.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/when_all.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gawait {
namespace {

using test::let_others_run;

task<> send_all(channel<int>& to, int first, int count) {
    for (int value = first; value < first + count; ++value)
        co_await to.send(value);
}

task<> receive_all(channel<int>& from, std::vector<int>& received) {
    while (const std::optional<int> value = co_await from.receive())
        received.push_back(*value);
}

std::vector<int> numbers(int count) {
    std::vector<int> values;
    for (int value = 0; value < count; ++value)
        values.push_back(value);
    return values;
}

class channel_of_capacity : public testing::TestWithParam<std::size_t> {
protected:
    const test::own_context context;
    channel<int> numbers_sent{GetParam()};
};

TEST_P(channel_of_capacity, hands_all_values_over_in_order) {
    std::vector<int> received;
    const auto send_and_close = [&]() -> task<> {
        co_await send_all(numbers_sent, 0, 100);
        numbers_sent.close();
    };
    const auto body = [&]() -> task<> {
        co_await when_all(send_and_close(), receive_all(numbers_sent, received));
    };
    run(body());
    EXPECT_EQ(received, numbers(100));
}

TEST_P(channel_of_capacity, hands_over_in_order_also_when_the_receiver_comes_first) {
    std::vector<int> received;
    const auto send_and_close = [&]() -> task<> {
        co_await send_all(numbers_sent, 0, 100);
        numbers_sent.close();
    };
    const auto body = [&]() -> task<> {
        co_await when_all(receive_all(numbers_sent, received), send_and_close());
    };
    run(body());
    EXPECT_EQ(received, numbers(100));
}

TEST_P(channel_of_capacity, lets_as_many_values_in_as_it_holds_and_then_the_sender_waits) {
    const auto body = [&]() -> task<> {
        const auto capacity = int(GetParam());
        co_await send_all(numbers_sent, 0, capacity);
        EXPECT_EQ(numbers_sent.size(), GetParam());
        const auto sending = spawn(send_all(numbers_sent, capacity, 1));
        co_await let_others_run();
        EXPECT_FALSE(sending.done());
        EXPECT_EQ(numbers_sent.size(), GetParam());
        std::optional<int> value = co_await numbers_sent.receive();
        EXPECT_EQ(value, 0);
        co_await sending;
        for (int expected = 1; expected <= capacity; ++expected) {
            value = co_await numbers_sent.receive();
            EXPECT_EQ(value, expected);
        }
        EXPECT_EQ(numbers_sent.size(), 0U);
    };
    run(body());
}

TEST_P(channel_of_capacity, serves_senders_that_wait_first_come_first_served) {
    std::vector<int> received;
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> senders;
        for (int value = 0; value < 12; ++value)
            senders.push_back(spawn(send_all(numbers_sent, value, 1)));
        co_await let_others_run();
        const auto receiving = spawn(receive_all(numbers_sent, received));
        for (const auto& each : senders)
            co_await each;
        numbers_sent.close();
        co_await receiving;
    };
    run(body());
    EXPECT_EQ(received, numbers(12));
}

TEST_P(channel_of_capacity, serves_receivers_that_wait_first_come_first_served) {
    std::vector<int> order;
    const auto receive_one = [&](int number) -> task<> {
        const std::optional<int> value = co_await numbers_sent.receive();
        EXPECT_EQ(value, number);
        order.push_back(number);
    };
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> receivers;
        for (int number = 0; number < 8; ++number)
            receivers.push_back(spawn(receive_one(number)));
        co_await let_others_run();
        co_await send_all(numbers_sent, 0, 8);
        for (const auto& each : receivers)
            co_await each;
    };
    run(body());
    EXPECT_EQ(order, numbers(8));
}

TEST_P(channel_of_capacity, does_not_let_a_new_sender_overtake_one_that_waits) {
    const auto body = [&]() -> task<> {
        const auto capacity = int(GetParam());
        co_await send_all(numbers_sent, 0, capacity);
        const auto waiting = spawn(send_all(numbers_sent, capacity, 1));
        co_await let_others_run();
        const auto newer = spawn(send_all(numbers_sent, capacity + 1, 1));
        std::vector<int> received;
        for (int count = 0; count < capacity + 2; ++count)
            received.push_back((co_await numbers_sent.receive()).value());
        EXPECT_EQ(received, numbers(capacity + 2));
        co_await waiting;
        co_await newer;
    };
    run(body());
}

TEST_P(channel_of_capacity, that_is_closed_gives_what_was_sent_and_then_nothing) {
    const auto body = [&]() -> task<> {
        const auto held = int(GetParam());
        co_await send_all(numbers_sent, 0, held);
        EXPECT_FALSE(numbers_sent.closed());
        numbers_sent.close();
        EXPECT_TRUE(numbers_sent.closed());
        std::vector<int> received;
        co_await receive_all(numbers_sent, received);
        EXPECT_EQ(received, numbers(held));
        const std::optional<int> more = co_await numbers_sent.receive();
        EXPECT_EQ(more, std::nullopt);
    };
    run(body());
}

TEST_P(channel_of_capacity, that_is_closed_lets_nothing_more_in) {
    const auto body = [&]() -> task<> {
        numbers_sent.close();
        for (int time = 0; time < 2; ++time) {
            const auto outcome = co_await as_result(numbers_sent.send(1));
            EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
        }
        EXPECT_EQ(numbers_sent.size(), 0U);
    };
    run(body());
}

TEST_P(channel_of_capacity, that_is_closed_fails_the_senders_that_wait_and_keeps_nothing_of_them) {
    const auto body = [&]() -> task<> {
        const auto held = int(GetParam());
        co_await send_all(numbers_sent, 0, held);
        const auto first = spawn(send_all(numbers_sent, 100, 1));
        const auto second = spawn(send_all(numbers_sent, 101, 1));
        co_await let_others_run();
        numbers_sent.close();
        for (const auto& each : {first, second}) {
            const auto outcome = co_await as_result(each);
            EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
        }
        std::vector<int> received;
        co_await receive_all(numbers_sent, received);
        EXPECT_EQ(received, numbers(held));
    };
    run(body());
}

TEST_P(channel_of_capacity, that_is_closed_gives_nothing_to_the_receivers_that_wait) {
    const auto body = [&]() -> task<> {
        const auto first = spawn(numbers_sent.receive());
        const auto second = spawn(numbers_sent.receive());
        co_await let_others_run();
        numbers_sent.close();
        for (const auto& each : {first, second}) {
            const std::optional<int> value = co_await each;
            EXPECT_EQ(value, std::nullopt);
        }
    };
    run(body());
}

TEST_P(channel_of_capacity, may_be_closed_twice) {
    const auto body = [&]() -> task<> {
        numbers_sent.close();
        numbers_sent.close();
        const std::optional<int> value = co_await numbers_sent.receive();
        EXPECT_EQ(value, std::nullopt);
    };
    run(body());
}

TEST_P(channel_of_capacity, does_not_send_the_value_of_a_cancelled_send) {
    const auto body = [&]() -> task<> {
        const auto held = int(GetParam());
        co_await send_all(numbers_sent, 0, held);
        const auto cancelled_one = spawn(send_all(numbers_sent, 100, 1));
        const auto other = spawn(send_all(numbers_sent, held, 1));
        co_await let_others_run();
        cancelled_one.cancel();
        EXPECT_TRUE((co_await as_result(cancelled_one)).was_cancelled());
        std::vector<int> received;
        for (int count = 0; count < held + 1; ++count)
            received.push_back((co_await numbers_sent.receive()).value());
        EXPECT_EQ(received, numbers(held + 1));
        co_await other;
    };
    run(body());
}

TEST_P(channel_of_capacity, gives_no_value_to_a_cancelled_receive) {
    const auto body = [&]() -> task<> {
        const auto cancelled_one = spawn(numbers_sent.receive());
        const auto other = spawn(numbers_sent.receive());
        co_await let_others_run();
        cancelled_one.cancel();
        EXPECT_TRUE((co_await as_result(cancelled_one)).was_cancelled());
        co_await numbers_sent.send(7);
        const std::optional<int> value = co_await other;
        EXPECT_EQ(value, 7);
    };
    run(body());
}

TEST_P(channel_of_capacity, neither_sends_nor_receives_for_a_task_that_is_cancelled_already) {
    const auto cancelled_user = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(numbers_sent.send(100))).was_cancelled());
        EXPECT_TRUE((co_await as_result(numbers_sent.receive())).was_cancelled());
    };
    const auto body = [&]() -> task<> {
        const auto sending = spawn(send_all(numbers_sent, 0, 1));
        co_await let_others_run();
        co_await spawn(cancelled_user());
        const std::optional<int> value = co_await numbers_sent.receive();
        EXPECT_EQ(value, 0);
        EXPECT_EQ(numbers_sent.size(), 0U);
        co_await sending;
    };
    run(body());
}

TEST_P(channel_of_capacity, loses_and_doubles_nothing_when_a_hand_over_meets_a_cancellation) {
    // The receiver is cancelled in the round in which it gets its value, before and after.
    const auto body = [&]() -> task<> {
        for (const bool cancel_first : {false, true}) {
            const auto receiving = spawn(numbers_sent.receive());
            const auto next = spawn(numbers_sent.receive());
            co_await let_others_run();
            if (cancel_first)
                receiving.cancel();
            co_await numbers_sent.send(1);
            if (!cancel_first)
                receiving.cancel();
            auto outcome = co_await as_result(receiving);
            if (outcome.was_cancelled()) {
                const std::optional<int> value = co_await next;
                EXPECT_EQ(value, 1);
            } else {
                EXPECT_EQ(*outcome, 1);
                EXPECT_FALSE(next.done());
                co_await numbers_sent.send(2);
                const std::optional<int> value = co_await next;
                EXPECT_EQ(value, 2);
            }
            EXPECT_EQ(numbers_sent.size(), 0U);
        }
    };
    run(body());
}

TEST_P(channel_of_capacity, sends_exactly_once_or_not_when_a_receive_meets_a_cancelled_send) {
    const auto body = [&]() -> task<> {
        const auto held = int(GetParam());
        for (const bool cancel_first : {false, true}) {
            co_await send_all(numbers_sent, 0, held);
            const auto sending = spawn(send_all(numbers_sent, held, 1));
            co_await let_others_run();
            if (cancel_first)
                sending.cancel();
            std::vector<int> received;
            received.push_back((co_await numbers_sent.receive()).value_or(-1));
            if (!cancel_first)
                sending.cancel();
            const bool sent = (co_await as_result(sending)).has_value();
            while (numbers_sent.size() > 0)
                received.push_back((co_await numbers_sent.receive()).value_or(-1));
            EXPECT_EQ(received, numbers(sent ? held + 1 : held));
        }
    };
    run(body());
}

TEST_P(channel_of_capacity, loses_and_doubles_nothing_under_random_cancellation) {
    constexpr int count = 2000;
    std::vector<int> sent;
    std::vector<int> received;
    std::uint32_t random = 12345;
    const auto chance = [&](std::uint32_t one_in) {
        random = random * 1664525U + 1013904223U;
        return (random >> 16) % one_in == 0;
    };
    const auto receive_one = [&]() -> task<> {
        if (const std::optional<int> value = co_await numbers_sent.receive())
            received.push_back(*value);
    };
    const auto body = [&]() -> task<> {
        std::vector<join_handle<void>> sending;
        std::vector<join_handle<void>> receiving;
        for (int value = 0; value < count; ++value) {
            sending.push_back(spawn(send_all(numbers_sent, value, 1)));
            receiving.push_back(spawn(receive_one()));
            if (chance(2))
                co_await yield();
            if (chance(3))
                sending[std::size_t(value)].cancel();
            if (chance(3))
                receiving[std::size_t(value)].cancel();
        }
        const auto rest = spawn(receive_all(numbers_sent, received));
        for (int value = 0; value < count; ++value)
            if ((co_await as_result(sending[std::size_t(value)])).has_value())
                sent.push_back(value);
        numbers_sent.close();
        for (const auto& each : receiving)
            (void)co_await as_result(each);
        co_await rest;
    };
    run(body());
    // Handed over in order, but not all receivers go on in the same round.
    std::ranges::sort(received);
    EXPECT_EQ(received, sent);
    EXPECT_GT(sent.size(), 0U);
    EXPECT_LT(sent.size(), std::size_t(count)) << "nothing was cancelled";
}

INSTANTIATE_TEST_SUITE_P(channel, channel_of_capacity, testing::Values(0, 1, 4),
                         testing::PrintToStringParamName());

TEST(channel, sends_a_value_once_however_often_that_is_awaited) {
    run([]() -> task<> {
        channel<std::string> texts(2);
        auto sending = texts.send("text");
        co_await sending;
        const auto again = co_await as_result(std::move(sending));
        EXPECT_STREQ(again.error().message(), "gawait::channel: a send() awaited a second time");
        EXPECT_EQ(texts.size(), 1u);
    }());
}

TEST(channel, without_capacity_makes_the_sender_wait_until_its_value_is_received) {
    const test::own_context context;
    const auto body = []() -> task<> {
        channel<int> values(0);
        const auto sending = spawn(send_all(values, 5, 1));
        co_await let_others_run();
        EXPECT_FALSE(sending.done());
        EXPECT_EQ(values.size(), 0U);
        const std::optional<int> value = co_await values.receive();
        EXPECT_EQ(value, 5);
        co_await sending;
    };
    run(body());
}

TEST(channel, carries_values_that_can_only_be_moved) {
    const test::own_context context;
    const auto body = []() -> task<> {
        channel<std::unique_ptr<int>> values(1);
        co_await values.send(std::make_unique<int>(1));
        const auto sending = spawn(values.send(std::make_unique<int>(2)));
        for (int expected = 1; expected <= 2; ++expected) {
            const std::optional<std::unique_ptr<int>> value = co_await values.receive();
            EXPECT_EQ(**value, expected);
        }
        co_await sending;
    };
    run(body());
}

TEST(channel, carries_values_that_have_no_default) {
    struct named {
        explicit named(std::string given) : name(std::move(given)) {}
        std::string name;
    };
    const test::own_context context;
    const auto body = []() -> task<> {
        channel<named> values(0);
        const auto receiving = spawn(values.receive());
        co_await let_others_run();
        co_await values.send(named("something longer than a short string"));
        const std::optional<named> value = co_await receiving;
        EXPECT_EQ(value->name, "something longer than a short string");
    };
    run(body());
}

TEST(channel, destroys_the_values_that_nobody_received) {
    const auto value = std::make_shared<int>(1);
    {
        const test::own_context context;
        channel<std::shared_ptr<int>> values(2);
        run(values.send(value));
        run(values.send(value));
        EXPECT_EQ(value.use_count(), 3);
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST(channel, that_tasks_of_two_contexts_wait_for_throws_invalid_argument) {
    const test::own_context context;
    channel<int> values(0);
    const auto waiting = spawn(values.receive());
    context.iterate_while_ready();
    {
        const test::own_context other;
        try {
            run(values.receive());
            ADD_FAILURE() << "waited in another context";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
        }
    }
    waiting.cancel();
    EXPECT_TRUE(context.iterate_until([&] { return waiting.done(); }));
}

TEST(channel, is_tried_without_waiting) {
    const test::own_context context;
    channel<std::unique_ptr<int>> values(1);
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(values.try_receive());
    EXPECT_TRUE(values.try_send(std::make_unique<int>(1)));
    EXPECT_FALSE(values.try_send(std::move(second)));
    EXPECT_EQ(*second, 2) << "it stays with who tries";
    EXPECT_EQ(**values.try_receive(), 1);
    values.close();
    EXPECT_FALSE(values.try_send(std::move(second)));
}

TEST(channel, without_room_is_tried_with_success_where_somebody_waits) {
    const test::own_context context;
    channel<int> numbers(0);
    const auto body = [&]() -> task<> {
        const auto receiving = spawn([&]() -> task<int> { co_return *co_await numbers.receive(); });
        co_await test::let_others_run();
        EXPECT_TRUE(numbers.try_send(1));
        EXPECT_EQ(co_await receiving, 1);
        const auto sending = spawn(numbers.send(2));
        co_await test::let_others_run();
        EXPECT_EQ(numbers.try_receive(), 2);
        co_await sending;
    };
    run(body());
}

} // namespace
} // namespace gawait
