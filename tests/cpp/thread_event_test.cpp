#include "gawait/thread_event.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/to_thread.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

namespace gawait {
namespace {

using test::let_others_run;

TEST(thread_event, that_another_thread_sets_lets_all_go_on_that_wait_in_any_context) {
    const test::own_context context;
    const test::loop_thread other;
    thread_event happened;
    const auto wait = [&]() -> task<> { co_await happened.wait(); };
    const auto body = [&]() -> task<> {
        const auto first = spawn(wait);
        const auto second = spawn(wait);
        const auto there = spawn_on(other.context(), wait);
        co_await let_others_run();
        EXPECT_FALSE(first.done());
        co_await to_thread([&] { happened.set(); });
        co_await first;
        co_await second;
        co_await there;
        co_await happened.wait();
        EXPECT_TRUE(happened.is_set());
    };
    run(body());
}

TEST(thread_event, that_is_reset_at_once_lets_all_go_on_that_waited_and_nobody_else) {
    const test::own_context context;
    thread_event happened;
    const auto wait = [&]() -> task<> { co_await happened.wait(); };
    const auto body = [&]() -> task<> {
        const auto early = spawn(wait);
        co_await let_others_run();
        happened.set();
        happened.reset();
        const auto late = spawn(wait);
        co_await early;
        co_await let_others_run();
        EXPECT_FALSE(late.done());
        late.cancel();
        EXPECT_TRUE((co_await as_result(late)).was_cancelled());
        EXPECT_FALSE(happened.is_set());
    };
    run(body());
}

} // namespace
} // namespace gawait
