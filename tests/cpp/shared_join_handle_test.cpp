#include "gawait/shared_join_handle.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "support/failure_of.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::let_others_run;

TEST(shared_join_handle, gives_the_one_result_to_all_who_await_it) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const shared_join_handle<std::unique_ptr<int>> made(
            spawn([]() -> task<std::unique_ptr<int>> {
                co_await let_others_run();
                co_return std::make_unique<int>(5);
            }));
        const auto look = [made]() -> task<const int*> { co_return (co_await made).get(); };
        const auto first = spawn(look);
        const auto second = spawn(look);
        const int* const seen = co_await first;
        EXPECT_EQ(*seen, 5);
        EXPECT_EQ(co_await second, seen);
        EXPECT_EQ((co_await made).get(), seen) << "after its end, too";
    };
    run(body());
}

TEST(shared_join_handle, of_a_task_without_a_value_is_awaited) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const shared_join_handle<void> waited(spawn(sleep_for(1ms)));
        co_await waited;
        co_await waited;
        EXPECT_TRUE(waited.done());
    };
    run(body());
}

TEST(shared_join_handle, throws_the_failure_each_time_and_reports_one_that_nobody_saw) {
    const test::own_context context;
    const test::unobserved_log log;
    const auto body = []() -> task<> {
        const shared_join_handle<int> failing(spawn(test::fail("it")));
        for (int time = 0; time < 2; ++time) {
            try {
                co_await failing;
                ADD_FAILURE();
            } catch (const std::runtime_error& failure) {
                EXPECT_STREQ(failure.what(), "it");
            }
        }
        const shared_join_handle<int> ignored(spawn(test::fail("another")));
        co_await let_others_run();
    };
    run(body());
    EXPECT_EQ(log.taken(), std::vector<std::string>{"another"});
}

TEST(shared_join_handle, ends_only_the_wait_of_who_is_cancelled) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const shared_join_handle<int> made(spawn(test::give(5, 20)));
        const auto wait = [made]() -> task<int> { co_return co_await made; };
        const auto cancelled_one = spawn(wait);
        const auto other = spawn(wait);
        co_await let_others_run();
        cancelled_one.cancel();
        EXPECT_TRUE((co_await as_result(cancelled_one)).was_cancelled());
        EXPECT_EQ(co_await other, 5);
    };
    run(body());
}

TEST(shared_join_handle, cancels_the_task_for_all) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const shared_join_handle<void> sleeping(spawn(sleep_for(1h)));
        const auto wait = [sleeping]() -> task<> { co_await sleeping; };
        const auto other = spawn(wait);
        co_await let_others_run();
        sleeping.cancel();
        EXPECT_TRUE((co_await as_result(other)).was_cancelled());
    };
    run(body());
}

TEST(shared_join_handle, of_a_handle_that_was_moved_from_is_refused) {
    const test::own_context context;
    auto handle = spawn(test::give(1));
    auto moved = std::move(handle);
    EXPECT_THROW(const shared_join_handle<int> none(std::move(handle)), error);
    context.iterate_while_ready();
    EXPECT_EQ(moved.take(), 1);
}

TEST(shared_join_handle, that_was_moved_from_is_the_same_task_still) {
    const test::own_context context;
    const auto body = []() -> task<> {
        shared_join_handle<int> one(spawn([]() -> task<int> { co_return 1; }));
        const auto moved = std::move(one);
        EXPECT_EQ((co_await one), 1);
        EXPECT_EQ((co_await moved), 1);
    };
    run(body());
}

} // namespace
} // namespace gawait
