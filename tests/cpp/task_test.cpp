#include "gawait/task.hpp"

#include "gawait/async_generator.hpp"
#include "gawait/event.hpp"
#include "gawait/run.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/later.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

using namespace gawait;
using gawait::test::counted;
using gawait::test::fail;
using gawait::test::give;

namespace {

task<> nothing(bool suspends = false) {
    if (suspends)
        co_await yield();
}

/// Where the stack is at the moment.
[[gnu::noinline]] std::uintptr_t stack_position() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

class suspending_or_not : public testing::TestWithParam<bool> {};

std::string name_of(const testing::TestParamInfo<bool>& info) {
    return info.param ? "suspending" : "ending_at_once";
}

} // namespace

using task_that = suspending_or_not;

INSTANTIATE_TEST_SUITE_P(task, task_that, testing::Bool(), name_of);

TEST_P(task_that, gives_a_value) {
    EXPECT_EQ(run(give<std::string>("value", GetParam())), "value");
}

TEST_P(task_that, gives_a_reference_to_the_object_itself) {
    int object = 1;
    int& given = run(give<int&>(object, GetParam()));
    EXPECT_EQ(&given, &object);
    static_assert(std::is_same_v<task<const int&>::value_type, const int&>);
    const int* constant = &run(give<const int&>(object, GetParam()));
    EXPECT_EQ(constant, &object);
}

TEST_P(task_that, gives_nothing) {
    bool ended = false;
    run([&]() -> task<> {
        co_await nothing(GetParam());
        ended = true;
    }());
    EXPECT_TRUE(ended);
}

TEST_P(task_that, gives_a_value_that_can_only_be_moved) {
    const auto value = run(give(std::make_unique<int>(7), GetParam()));
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 7);
}

TEST_P(task_that, fails_makes_the_await_throw) {
    bool caught = false;
    run([&]() -> task<> {
        try {
            co_await fail("failed on purpose", GetParam());
        } catch (const std::runtime_error& failure) {
            caught = std::string("failed on purpose") == failure.what();
        }
    }());
    EXPECT_TRUE(caught);
}

TEST_P(task_that, is_awaited_a_million_times_uses_no_stack) {
    const bool suspends = GetParam();
    std::uintptr_t least = UINTPTR_MAX;
    std::uintptr_t most = 0;
    const auto leaf = [&](bool suspending, int value) -> task<int> {
        if (suspending)
            co_await yield();
        const auto position = stack_position();
        least = std::min(least, position);
        most = std::max(most, position);
        co_return value;
    };
    const auto sum = run([&]() -> task<std::int64_t> {
        std::int64_t total = 0;
        for (int i = 0; i < 1'000'000; ++i)
            total += co_await leaf(suspends, i);
        co_return total;
    }());
    EXPECT_EQ(sum, std::int64_t(999'999) * 1'000'000 / 2);
    EXPECT_LT(most - least, 4096U);
}

TEST(task, a_loop_in_which_only_some_tasks_suspend_uses_no_stack) {
    std::uintptr_t least = UINTPTR_MAX;
    std::uintptr_t most = 0;
    run([&]() -> task<> {
        for (int i = 0; i < 100'000; ++i) {
            co_await nothing(i % 3 == 0);
            const auto position = stack_position();
            least = std::min(least, position);
            most = std::max(most, position);
        }
    }());
    EXPECT_LT(most - least, 4096U);
}

namespace {

task<int> nested(int depth, bool suspends) {
    if (depth == 0)
        co_return co_await give(0, suspends);
    co_return 1 + co_await nested(depth - 1, suspends);
}

} // namespace

TEST_P(task_that, is_nested_ten_thousand_deep_comes_back) {
    EXPECT_EQ(run(nested(10'000, GetParam())), 10'000);
}

TEST(task, is_lazy) {
    bool begun = false;
    const auto body = [&]() -> task<> {
        begun = true;
        co_return;
    };
    run([&]() -> task<> {
        task<> lazy = body();
        co_await nothing(true);
        EXPECT_FALSE(begun);
        co_await lazy;
        EXPECT_TRUE(begun);
    }());
}

TEST(task, goes_on_with_a_result_without_the_main_loop_in_between) {
    class other_job : public job {
    public:
        other_job() noexcept
            : job([](job& self) noexcept { static_cast<other_job&>(self).ran = true; }) {}
        bool ran = false;
    };
    other_job other;
    run([&]() -> task<> {
        const auto inner = [&]() -> task<> {
            co_await yield();
            const engine_ref home = engine::get();
            home->post(other);
        };
        co_await inner();
        EXPECT_FALSE(other.ran);
        co_await yield();
        EXPECT_TRUE(other.ran);
    }());
}

TEST(task, destroyed_before_it_began_destroys_its_arguments_and_never_runs) {
    std::atomic<int> live{0};
    bool begun = false;
    {
        const auto body = [&begun](counted) -> task<> {
            begun = true;
            co_return;
        };
        const task<> unused = body(counted(live));
        EXPECT_EQ(live, 1);
    }
    EXPECT_EQ(live, 0);
    EXPECT_FALSE(begun);
}

TEST(task, assigned_to_destroys_the_coroutine_it_held) {
    std::atomic<int> live{0};
    const auto body = [](counted) -> task<> { co_return; };
    task<> object = body(counted(live));
    object = nothing();
    EXPECT_EQ(live, 0);
    EXPECT_TRUE(object);
}

TEST(task, destroys_its_locals_when_it_ends_and_its_arguments_when_the_await_does) {
    std::atomic<int> arguments{0};
    std::atomic<int> locals{0};
    run([&]() -> task<> {
        const auto body = [&locals](counted) -> task<int> {
            const counted local(locals);
            co_await yield();
            co_return locals.load();
        };
        const int during = co_await body(counted(arguments));
        EXPECT_EQ(during, 1);
        EXPECT_EQ(arguments, 0);
        EXPECT_EQ(locals, 0);
    }());
}

TEST(task, runs_to_its_end_though_the_task_object_is_destroyed_meanwhile) {
    int steps = 0;
    run([&]() -> task<> {
        const auto body = [&]() -> task<> {
            ++steps;
            co_await yield();
            ++steps;
        };
        auto object = std::make_unique<task<>>(body());
        const auto destroyer = [&]() -> task<> {
            object.reset();
            co_return;
        };
        auto destroying = spawn(destroyer());
        co_await *object;
        EXPECT_EQ(steps, 2);
        EXPECT_FALSE(object);
        co_await destroying;
    }());
}

TEST(task, awaited_twice_throws_invalid_argument) {
    run([]() -> task<> {
        task<int> once = give(1);
        const int first = co_await once;
        EXPECT_EQ(first, 1);
        EXPECT_FALSE(once);
        try {
            co_await once;
            ADD_FAILURE() << "the second await gave a value";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
            EXPECT_STREQ(failure.what(),
                         "gawait::task: awaited a second time, or after it was moved from");
        }
    }());
}

TEST(task, moved_from_throws_invalid_argument) {
    run([]() -> task<> {
        task<int> from = give(1);
        task<int> to = std::move(from);
        EXPECT_FALSE(from);
        EXPECT_TRUE(to);
        bool thrown = false;
        try {
            co_await from;
        } catch (const error& failure) {
            thrown = failure.matches(G_IO_ERROR_INVALID_ARGUMENT);
        }
        EXPECT_TRUE(thrown);
        const int value = co_await to;
        EXPECT_EQ(value, 1);
    }());
}

TEST(task, made_by_default_throws_invalid_argument) {
    task<int> none;
    EXPECT_FALSE(none);
    EXPECT_THROW(none.take(), error);
    EXPECT_THROW(run(std::move(none)), error);
}

TEST(task, can_only_be_moved) {
    static_assert(!std::is_copy_constructible_v<task<int>>);
    static_assert(!std::is_copy_assignable_v<task<int>>);
    static_assert(std::is_nothrow_move_constructible_v<task<int>>);
    static_assert(std::is_nothrow_move_assignable_v<task<int>>);
}

TEST(task, returns_a_braced_value) {
    const auto body = []() -> task<std::pair<int, std::string>> { co_return {1, "one"}; };
    EXPECT_EQ(run(body()), std::pair(1, std::string("one")));
}

TEST(task, fails_with_what_the_move_of_its_value_throws) {
    struct refuses_to_move {
        refuses_to_move() = default;
        refuses_to_move(refuses_to_move&&) { throw std::length_error("does not move"); }
    };
    const auto body = []() -> task<refuses_to_move> { co_return refuses_to_move(); };
    EXPECT_THROW(run(body()), std::length_error);
}

TEST(as_task, makes_a_task_of_any_awaitable) {
    task<> made = as_task(yield());
    EXPECT_TRUE(made);
    run(std::move(made));
}

TEST(as_task, leaves_a_task_what_it_is) {
    EXPECT_EQ(run(as_task(give(3))), 3);
    task<int> none;
    EXPECT_FALSE(as_task(std::move(none)));
}

namespace {

/// Notes that it was called, and that its argument was destroyed.
task<int> note(counted /*argument*/, int number, int& calls) {
    ++calls;
    co_await yield();
    co_return number;
}

} // namespace

// As docs/reference/compilers.md says; `co_await (first ? note(...) : note(...))` is what g++ 12
// destroys twice.
TEST(task, chosen_by_a_condition_is_awaited_by_its_name_or_in_its_branch) {
    std::atomic<int> live{0};
    int calls = 0;
    const auto body = [&](bool first) -> task<int> {
        auto chosen = first ? note(counted(live), 1, calls) : note(counted(live), 2, calls);
        const int named = co_await chosen;
        const int in_branch = first ? co_await note(counted(live), 10, calls)
                                    : co_await note(counted(live), 20, calls);
        co_return named + in_branch;
    };
    EXPECT_EQ(run(body(true)), 11);
    EXPECT_EQ(run(body(false)), 22);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(live, 0);
}

TEST(task, may_choose_an_awaiter_without_a_destructor_where_it_awaits_it) {
    event set;
    event other;
    set.set();
    const auto numbers = [](int first) -> async_generator<int> { co_yield first; };
    auto ones = numbers(1);
    auto twos = numbers(2);
    const auto body = [&](bool first) -> task<int> {
        co_await (first ? set.wait() : other.wait());
        const int* number = co_await (first ? ones.next() : twos.next());
        co_return *number;
    };
    EXPECT_EQ(run(body(true)), 1);
    other.set();
    EXPECT_EQ(run(body(false)), 2);
}
