#include "gawait/broadcast.hpp"

#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/to_thread.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace gawait {
namespace {

TEST(broadcast, sends_to_each_what_comes_after_it_has_subscribed) {
    const test::own_context context;
    broadcast<int> numbers;
    const auto body = [&]() -> task<> {
        numbers.send(0);
        auto first = numbers.subscribe();
        numbers.send(1);
        auto second = numbers.subscribe();
        numbers.send(2);
        EXPECT_EQ(co_await first.next(), 1);
        EXPECT_EQ(co_await first.next(), 2);
        EXPECT_EQ(co_await second.next(), 2);
    };
    run(body());
}

TEST(broadcast, drops_the_oldest_of_who_is_slow_and_nobody_elses) {
    const test::own_context context;
    broadcast<int> numbers;
    const auto body = [&]() -> task<> {
        auto slow = numbers.subscribe(1);
        auto other = numbers.subscribe();
        for (int number = 0; number < 3; ++number)
            numbers.send(number);
        EXPECT_EQ(slow.dropped(), 2U);
        EXPECT_EQ(co_await slow.next(), 2);
        EXPECT_EQ(other.dropped(), 0U);
        EXPECT_EQ(co_await other.next(), 0);
    };
    run(body());
}

TEST(broadcast, that_is_closed_or_goes_ends_the_subscriptions_after_what_was_sent) {
    const test::own_context context;
    auto numbers = std::make_unique<broadcast<int>>();
    const auto body = [&]() -> task<> {
        auto lasting = numbers->subscribe();
        numbers->send(1);
        numbers->close();
        auto late = numbers->subscribe();
        EXPECT_EQ(co_await late.next(), std::nullopt);
        numbers = nullptr;
        EXPECT_EQ(co_await lasting.next(), 1);
        EXPECT_EQ(co_await lasting.next(), std::nullopt);
    };
    run(body());
}

TEST(broadcast, sends_no_more_to_who_has_gone) {
    const test::own_context context;
    broadcast<std::shared_ptr<int>> values;
    const auto value = std::make_shared<int>(1);
    {
        auto gone = values.subscribe();
        values.send(value);
        EXPECT_EQ(value.use_count(), 2);
    }
    values.send(value);
    EXPECT_EQ(value.use_count(), 1);
}

TEST(broadcast, wakes_who_waits_from_another_thread) {
    const test::own_context context;
    broadcast<int> numbers;
    const auto receive = [&]() -> task<int> {
        auto all = numbers.subscribe();
        co_return *co_await all.next();
    };
    const auto body = [&]() -> task<> {
        const auto first = spawn(receive);
        const auto second = spawn(receive);
        co_await test::let_others_run();
        co_await to_thread([&] { numbers.send(3); });
        EXPECT_EQ(co_await first + co_await second, 6);
    };
    run(body());
}

TEST(broadcast, subscription_that_was_moved_from_is_refused) {
    broadcast<int> sent;
    auto subscribed = sent.subscribe();
    const auto moved = std::move(subscribed);
    EXPECT_THROW(subscribed.dropped(), error);
    EXPECT_THROW((void)subscribed.next(), error);
}

} // namespace
} // namespace gawait
