#include "gawait/shield.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/with_cancellable.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/late_operation.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::filler;
using gawait::test::own_context;

namespace {

task<int> sleep_and_give(int value) {
    co_await sleep_for(2ms);
    co_return value;
}

} // namespace

TEST(shield, gives_what_the_awaitable_gives) {
    int object = 1;
    const auto refer = [&]() -> task<int&> { co_return object; };
    const auto move = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
    EXPECT_EQ(run(shield(sleep_and_give(5))), 5);
    EXPECT_EQ(&run(shield(refer())), &object);
    EXPECT_EQ(*run(shield(move())), 6);
    run(shield(yield()));
}

TEST(shield, throws_what_the_awaitable_throws) {
    const auto fail = []() -> task<> {
        co_await yield();
        throw std::runtime_error("behind the shield");
    };
    EXPECT_THROW(run(shield(fail())), std::runtime_error);
}

TEST(shield, keeps_cancellation_out_until_the_await_has_ended) {
    run([]() -> task<> {
        const auto body = []() -> task<int> {
            const int value = co_await shield(sleep_and_give(5));
            const auto next = co_await as_result(sleep_for(1h));
            EXPECT_TRUE(next.was_cancelled());
            co_return value;
        };
        const auto handle = spawn(body());
        co_await yield();
        handle.cancel();
        const int value = co_await handle;
        EXPECT_EQ(value, 5);
    }());
}

TEST(shield, works_in_a_task_that_was_cancelled_before) {
    run([]() -> task<> {
        const auto body = []() -> task<int> {
            g_cancellable_cancel(co_await current_cancellable());
            co_return co_await shield(sleep_and_give(5));
        };
        const int value = co_await spawn(body());
        EXPECT_EQ(value, 5);
    }());
}

TEST(shield, gives_the_shielded_operation_a_g_cancellable_of_its_own) {
    filler how{.length = 5ms};
    run([&]() -> task<> {
        const auto fill = [&]() -> task<gssize> {
            std::array<char, 64> buffer{};
            co_return co_await async(test::fill_async, test::fill_finish, &how, buffer.data(),
                                     gsize(buffer.size()));
        };
        const auto handle = spawn(shield(fill()));
        while (how.begun == 0)
            co_await yield();
        handle.cancel();
        const gssize filled = co_await handle;
        EXPECT_EQ(filled, 64);
    }());
}

TEST(shield, lets_what_is_shielded_be_cancelled_from_within) {
    run([]() -> task<> {
        const auto outcome = co_await as_result(shield(with_timeout(1ms, sleep_for(1h))));
        EXPECT_TRUE(outcome.has_error());
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    }());
}

TEST(shield, holds_up_a_timeout_around_it) {
    run([]() -> task<> {
        const int value = co_await with_timeout(1us, shield(sleep_and_give(5)));
        EXPECT_EQ(value, 5);
    }());
}

TEST(shield, does_not_hold_when_the_context_is_destroyed) {
    bool was_cancelled = false;
    const auto body = [&]() -> task<> {
        const auto outcome = co_await as_result(shield(sleep_for(1h)));
        was_cancelled = outcome.was_cancelled();
    };
    {
        const own_context context;
        (void)spawn(body());
        context.iterate_while_ready();
    }
    EXPECT_TRUE(was_cancelled);
}

TEST(shield, of_a_task_that_was_moved_from_throws_invalid_argument) {
    run([]() -> task<> {
        const auto outcome = co_await as_result(shield(task<int>()));
        EXPECT_TRUE(outcome.has_error());
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    }());
}
