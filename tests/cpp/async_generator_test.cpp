#include "gawait/async_generator.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/failure_of.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;

async_generator<int> count_to(int last) {
    for (int value = 1; value <= last; ++value)
        co_yield value;
}

async_generator<int> count_slowly_to(int last) {
    for (int value = 1; value <= last; ++value) {
        co_await yield();
        co_yield value;
        co_await sleep_for(10us);
    }
}

template <class T> task<std::vector<T>> collect(async_generator<T> from) {
    std::vector<T> values;
    while (T* value = co_await from.next())
        values.push_back(std::move(*value));
    co_return values;
}

TEST(async_generator, gives_the_values_in_order_and_then_null) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto numbers = count_to(2);
        const int* value = co_await numbers.next();
        EXPECT_EQ(*value, 1);
        value = co_await numbers.next();
        EXPECT_EQ(*value, 2);
        for (int time = 0; time < 3; ++time) {
            value = co_await numbers.next();
            EXPECT_EQ(value, nullptr);
        }
    };
    run(body());
}

TEST(async_generator, may_be_empty) {
    const test::own_context context;
    EXPECT_TRUE(run(collect(count_to(0))).empty());
}

TEST(async_generator, may_await_between_the_values) {
    const test::own_context context;
    EXPECT_EQ(run(collect(count_slowly_to(5))), (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST(async_generator, reads_the_lines_of_a_file) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto file = directory.file("lines", "one\ntwo\nthree\n");
    const auto lines = [](ref<GDataInputStream> stream) -> async_generator<std::string> {
        for (;;) {
            const auto line = co_await async<unique_string>(
                [&](GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
                    g_data_input_stream_read_line_async(stream, G_PRIORITY_DEFAULT, cancellable,
                                                        callback, data);
                },
                +[](GDataInputStream* source, GAsyncResult* result, GError** failure) {
                    return g_data_input_stream_read_line_finish(source, result, nullptr, failure);
                });
            if (!line)
                co_return;
            co_yield std::string(line.get());
        }
    };
    const auto body = [&]() -> task<> {
        const auto opened = co_await async(g_file_read_async, g_file_read_finish, file);
        auto input = lines(ref<GDataInputStream>::adopt(
            g_data_input_stream_new(reinterpret_cast<GInputStream*>(opened.get()))));
        std::vector<std::string> read;
        while (const std::string* line = co_await input.next())
            read.push_back(*line);
        EXPECT_EQ(read, (std::vector<std::string>{"one", "two", "three"}));
    };
    run(body());
}

TEST(async_generator, is_lazy) {
    const test::own_context context;
    int begun = 0;
    const auto noting = [&]() -> async_generator<int> {
        ++begun;
        co_yield 1;
        ++begun;
        co_yield 2;
        ++begun;
    };
    const auto body = [&]() -> task<> {
        auto values = noting();
        EXPECT_EQ(begun, 0);
        co_await values.next();
        EXPECT_EQ(begun, 1);
        co_await test::let_others_run();
        EXPECT_EQ(begun, 1);
        co_await values.next();
        EXPECT_EQ(begun, 2);
        co_await values.next();
        EXPECT_EQ(begun, 3);
    };
    run(body());
}

TEST(async_generator, goes_on_when_a_next_is_awaited_again) {
    run([]() -> task<> {
        auto numbers = []() -> async_generator<int> {
            co_yield 1;
            co_await yield();
            co_yield 2;
        }();
        auto next = numbers.next();
        EXPECT_EQ(*co_await next, 1);
        EXPECT_EQ(*co_await next, 2);
        EXPECT_EQ(co_await next, nullptr);
    }());
}

TEST(async_generator, keeps_a_value_until_the_next_call) {
    const test::own_context context;
    const auto texts = []() -> async_generator<std::string> {
        co_yield std::string("a temporary that is too long to be short");
        std::string local = "a local that is too long to be short";
        co_yield local;
    };
    const auto body = [&]() -> task<> {
        auto values = texts();
        const std::string* text = co_await values.next();
        co_await test::let_others_run();
        EXPECT_EQ(*text, "a temporary that is too long to be short");
        text = co_await values.next();
        co_await test::let_others_run();
        EXPECT_EQ(*text, "a local that is too long to be short");
    };
    run(body());
}

TEST(async_generator, yields_a_copy_of_what_is_const) {
    const test::own_context context;
    std::atomic<int> live{0};
    const auto give = [](std::atomic<int>& count) -> async_generator<test::counted> {
        const test::counted kept(count);
        co_yield kept;
        EXPECT_EQ(count, 1) << "the copy is gone when it goes on";
    };
    const auto body = [&]() -> task<> {
        auto values = give(live);
        EXPECT_NE(co_await values.next(), nullptr);
        EXPECT_EQ(live, 2);
        EXPECT_EQ(co_await values.next(), nullptr);
    };
    run(body());
    EXPECT_EQ(live, 0);
    const auto words = []() -> async_generator<std::string> {
        const std::string word = "word";
        co_yield word; // which the one that awaits may move from
        co_yield word;
    };
    EXPECT_EQ(run(collect(words())), (std::vector<std::string>{"word", "word"}));
}

TEST(async_generator, yields_what_can_only_be_moved) {
    const test::own_context context;
    const auto pointers = []() -> async_generator<std::unique_ptr<int>> {
        for (int value = 0; value < 3; ++value)
            co_yield std::make_unique<int>(value);
    };
    const auto values = run(collect(pointers()));
    ASSERT_EQ(values.size(), 3U);
    EXPECT_EQ(*values[2], 2);
}

TEST(async_generator, yields_references) {
    const test::own_context context;
    std::vector<int> elements{1, 2, 3};
    const auto each = [](std::vector<int>& of) -> async_generator<int&> {
        for (int& element : of)
            co_yield element;
    };
    const auto body = [&]() -> task<> {
        auto values = each(elements);
        while (int* element = co_await values.next())
            *element *= 10;
    };
    run(body());
    EXPECT_EQ(elements, (std::vector<int>{10, 20, 30}));
}

TEST(async_generator, yields_references_to_const) {
    const test::own_context context;
    const std::vector<std::string> elements{"a", "b"};
    const auto each =
        [](const std::vector<std::string>& of) -> async_generator<const std::string&> {
        for (const std::string& element : of)
            co_yield element;
    };
    const auto body = [&]() -> task<> {
        auto values = each(elements);
        const std::string* first = co_await values.next();
        EXPECT_EQ(first, &elements[0]);
    };
    run(body());
}

/// Whether an await says that the generator was ended before.
template <class T> bool says_broken(const result<T>& outcome) {
    return outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED);
}

TEST(async_generator, throws_its_exception_once_and_is_not_at_its_end_then) {
    const test::own_context context;
    const auto failing = []() -> async_generator<int> {
        co_yield 1;
        throw std::runtime_error("broken");
    };
    const auto body = [&]() -> task<> {
        auto values = failing();
        const int* value = co_await values.next();
        EXPECT_EQ(*value, 1);
        bool thrown = false;
        try {
            co_await values.next();
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        for (int time = 0; time < 2; ++time) {
            const auto outcome = co_await as_result(values.next());
            EXPECT_TRUE(says_broken(outcome));
        }
    };
    run(body());
}

TEST(async_generator, that_a_timeout_interrupted_does_not_look_finished) {
    const test::own_context context;
    auto values = [](int) -> async_generator<int> {
        co_yield 1;
        co_await sleep_for(1h);
        co_yield 2;
    }(0);
    const auto body = [&]() -> task<> {
        const int* value = co_await values.next();
        EXPECT_EQ(*value, 1);
        const auto late = co_await as_result(with_timeout(1ms, values.next()));
        EXPECT_TRUE(late.has_error() && late.error().matches(G_IO_ERROR_TIMED_OUT));
        const auto outcome = co_await as_result(values.next());
        EXPECT_TRUE(says_broken(outcome));
    };
    run(body());
}

TEST(async_generator, throws_also_what_was_thrown_after_an_await) {
    const test::own_context context;
    const auto failing = []() -> async_generator<int> {
        co_await yield();
        throw error(G_IO_ERROR_FAILED, "broken");
        co_yield 1;
    };
    const auto body = [&]() -> task<> {
        auto values = failing();
        const auto outcome = co_await as_result(values.next());
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_FAILED));
    };
    run(body());
}

TEST(async_generator, destroyed_early_ends_where_it_is) {
    const test::own_context context;
    std::atomic<int> live = 0;
    int went_on = 0;
    const auto holding = [&]() -> async_generator<int> {
        const test::counted before(live);
        co_yield 1;
        const test::counted between(live);
        co_yield 2;
        ++went_on;
    };
    const auto body = [&]() -> task<> {
        {
            const auto never_begun = holding();
        }
        EXPECT_EQ(live, 0);
        {
            auto values = holding();
            co_await values.next();
            EXPECT_EQ(live, 1);
            co_await values.next();
            EXPECT_EQ(live, 2);
        }
        EXPECT_EQ(live, 0);
    };
    run(body());
    EXPECT_EQ(went_on, 0);
}

TEST(async_generator, destroyed_at_its_end_destroys_its_arguments) {
    const test::own_context context;
    std::atomic<int> live = 0;
    const auto holding = [](test::counted) -> async_generator<int> { co_yield 1; };
    const auto body = [&]() -> task<> {
        const test::counted argument(live);
        {
            auto values = holding(argument);
            EXPECT_EQ(live, 2);
            while (co_await values.next()) {
            }
        }
        EXPECT_EQ(live, 1);
    };
    run(body());
}

TEST(async_generator, is_cancelled_with_the_task_that_awaits_it) {
    const test::own_context context;
    bool generator_saw_it = false;
    const auto sleeping = [&]() -> async_generator<int> {
        co_yield 1;
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
            generator_saw_it = true;
            throw;
        }
    };
    const auto consumer = [&]() -> task<> {
        auto values = sleeping();
        co_await values.next();
        EXPECT_TRUE((co_await as_result(values.next())).was_cancelled());
        const auto outcome = co_await as_result(values.next());
        EXPECT_TRUE(says_broken(outcome));
    };
    const auto body = [&]() -> task<> {
        const auto consuming = spawn(consumer());
        co_await test::let_others_run();
        consuming.cancel();
        co_await consuming;
    };
    run(body());
    EXPECT_TRUE(generator_saw_it);
}

TEST(async_generator, goes_on_if_it_deals_with_the_cancellation) {
    const test::own_context context;
    const auto stubborn = []() -> async_generator<int> {
        (void)co_await as_result(sleep_for(1h));
        co_yield 7;
    };
    const auto consumer = [&]() -> task<> {
        auto values = stubborn();
        const int* value = co_await values.next();
        EXPECT_EQ(*value, 7);
    };
    const auto body = [&]() -> task<> {
        const auto consuming = spawn(consumer());
        co_await test::let_others_run();
        consuming.cancel();
        co_await consuming;
    };
    run(body());
}

TEST(async_generator, runs_under_the_cancellation_of_each_next_in_turn) {
    const test::own_context context;
    auto numbers = count_slowly_to(3);
    const auto take_one = [](async_generator<int>& from) -> task<int> {
        const int* value = co_await from.next();
        co_return value ? *value : 0;
    };
    const auto body = [&]() -> task<> {
        const auto first = spawn(take_one(numbers));
        int value = co_await first;
        EXPECT_EQ(value, 1);
        first.cancel(); // the task that awaited before is no longer of interest
        const auto second = spawn(take_one(numbers));
        value = co_await second;
        EXPECT_EQ(value, 2);
    };
    run(body());
}

async_generator<int> for_ever() {
    for (int value = 0;; ++value)
        co_yield value;
}

TEST(async_generator, that_never_waits_lets_a_timeout_in_and_goes_on_after_it) {
    const test::own_context context;
    auto numbers = for_ever();
    const auto use_up = [&]() -> task<> {
        while (co_await numbers.next())
            ;
    };
    EXPECT_TRUE(run(as_result(with_timeout(1ms, use_up()))).has_error());
    const auto go_on = [&]() -> task<bool> { co_return co_await numbers.next() != nullptr; };
    EXPECT_TRUE(run(go_on()));
}

TEST(async_generator, refuses_a_next_while_another_is_under_way) {
    const test::own_context context;
    auto numbers = count_slowly_to(2);
    const auto take = [&]() -> task<int> { co_return *co_await numbers.next(); };
    const auto body = [&]() -> task<> {
        auto [first, second] = co_await when_all(as_result(take()), as_result(take()));
        EXPECT_EQ(first.value(), 1);
        EXPECT_TRUE(second.error().matches(G_IO_ERROR_PENDING));
        const int* next = co_await numbers.next();
        EXPECT_EQ(*next, 2);
    };
    run(body());
}

async_generator<int> of_itself(async_generator<int>& itself) {
    co_await itself.next();
    co_yield 1;
}

TEST(async_generator, refuses_its_own_next_within_itself) {
    const test::own_context context;
    async_generator<int> itself;
    itself = of_itself(itself);
    const auto body = [&]() -> task<> { co_await itself.next(); };
    EXPECT_TRUE(run(as_result(body())).error().matches(G_IO_ERROR_PENDING));
}

TEST(async_generator, moves) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto numbers = count_to(3);
        co_await numbers.next();
        async_generator<int> moved = std::move(numbers);
        const int* value = co_await moved.next();
        EXPECT_EQ(*value, 2);
        moved = count_to(1);
        value = co_await moved.next();
        EXPECT_EQ(*value, 1);
    };
    run(body());
}

TEST(async_generator, without_a_coroutine_says_so) {
    const test::own_context context;
    const auto body = [](async_generator<int>& empty) -> task<> { co_await empty.next(); };
    auto numbers = count_to(3);
    const auto moved = std::move(numbers);
    EXPECT_EQ(test::failure_of(body(numbers)), "gawait::async_generator: it was moved from");
    async_generator<int> none;
    EXPECT_EQ(test::failure_of(body(none)), "gawait::async_generator: it was moved from");
}

TEST(async_generator, may_use_another_one) {
    const test::own_context context;
    const auto doubled = [](async_generator<int> from) -> async_generator<int> {
        while (const int* value = co_await from.next())
            co_yield *value * 2;
    };
    EXPECT_EQ(run(collect(doubled(count_slowly_to(3)))), (std::vector<int>{2, 4, 6}));
}

TEST(async_generator, uses_no_stack_in_a_long_loop) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto numbers = count_to(1'000'000);
        long long total = 0;
        while (const int* value = co_await numbers.next())
            total += *value;
        EXPECT_EQ(total, 500'000'500'000);
    };
    run(body());
}

TEST(async_generator, uses_no_stack_in_a_long_loop_that_awaits) {
    const test::own_context context;
    const auto yielding = [](int count) -> async_generator<int> {
        for (int value = 0; value < count; ++value) {
            if (value % 3 == 0)
                co_await yield();
            co_yield value;
        }
    };
    const auto body = [&]() -> task<> {
        auto numbers = yielding(200'000);
        int count = 0;
        while (co_await numbers.next())
            ++count;
        EXPECT_EQ(count, 200'000);
    };
    run(body());
}

} // namespace
} // namespace gawait
