#include "gawait/to_thread.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;

int sum(int left, int right) { return left + right; }

TEST(to_thread, runs_the_function_on_another_thread_and_comes_back) {
    const test::own_context context;
    const auto here = std::this_thread::get_id();
    const auto body = [&]() -> task<> {
        const std::thread::id ran_on = co_await to_thread(std::this_thread::get_id);
        EXPECT_NE(ran_on, here);
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST(to_thread, gives_what_the_function_returns) {
    const test::own_context context;
    EXPECT_EQ(run(to_thread(sum, 1, 2)), 3);
    EXPECT_EQ(run(to_thread([](const std::string& text) { return text + text; },
                            std::string("a text that is longer than short ones "))),
              "a text that is longer than short ones a text that is longer than short ones ");
}

TEST(to_thread, runs_functions_that_return_nothing) {
    const test::own_context context;
    std::atomic<int> calls = 0;
    run(to_thread([&] { ++calls; }));
    EXPECT_EQ(calls, 1);
}

TEST(to_thread, gives_references) {
    const test::own_context context;
    int number = 0;
    int& same = run(to_thread([&]() -> int& { return number; }));
    EXPECT_EQ(&same, &number);
}

TEST(to_thread, moves_what_can_only_be_moved) {
    const test::own_context context;
    auto increment = [offset = std::make_unique<int>(2)](std::unique_ptr<int> number) {
        *number += *offset;
        return number;
    };
    EXPECT_EQ(*run(to_thread(std::move(increment), std::make_unique<int>(40))), 42);
}

TEST(to_thread, copies_arguments_as_a_thread_does) {
    const test::own_context context;
    std::string text = "before";
    auto call = to_thread([](std::string copy) { return copy; }, text);
    text = "after";
    EXPECT_EQ(run(std::move(call)), "before");
}

TEST(to_thread, hands_over_references_that_are_wrapped) {
    const test::own_context context;
    int number = 1;
    run(to_thread([](int& changed) { changed = 2; }, std::ref(number)));
    EXPECT_EQ(number, 2);
}

TEST(to_thread, throws_what_the_function_throws) {
    const test::own_context context;
    const auto failing = []() -> int { throw std::runtime_error("on a thread"); };
    try {
        run(to_thread(failing));
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& failure) {
        EXPECT_STREQ(failure.what(), "on a thread");
    }
    EXPECT_THROW(run(to_thread([] { throw std::logic_error("void"); })), std::logic_error);
}

TEST(to_thread, awaited_a_second_time_is_an_error_for_its_arguments_are_gone) {
    run([]() -> task<> {
        int calls = 0;
        auto call = to_thread([&](const std::string&) { return ++calls; }, std::string("text"));
        EXPECT_EQ(co_await call, 1);
        const auto again = co_await as_result(std::move(call));
        EXPECT_STREQ(again.error().message(), "gawait::to_thread: awaited a second time");
        EXPECT_EQ(calls, 1);
    }());
}

TEST(to_thread, of_a_cancelled_task_does_not_call_the_function) {
    const test::own_context context;
    std::atomic<int> calls = 0;
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await to_thread([&] { ++calls; });
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(calls, 0);
}

TEST(to_thread, lasts_until_the_function_has_returned_when_the_task_is_cancelled_meanwhile) {
    const test::own_context context;
    std::promise<void> let_go;
    std::atomic<bool> running = false;
    const auto working = [&]() -> task<int> {
        const int value = co_await to_thread([&] {
            running = true;
            let_go.get_future().wait();
            return 5;
        });
        EXPECT_TRUE((co_await as_result(yield())).was_cancelled());
        co_return value;
    };
    const auto body = [&]() -> task<> {
        const auto work = spawn(working());
        while (!running)
            co_await sleep_for(1ms);
        work.cancel();
        co_await sleep_for(5ms);
        EXPECT_FALSE(work.done());
        let_go.set_value();
        const int value = co_await work;
        EXPECT_EQ(value, 5);
    };
    run(body());
}

TEST(to_thread, gives_its_result_though_a_timeout_is_over) {
    const test::own_context context;
    const auto slow = [] {
        std::this_thread::sleep_for(20ms);
        return 5;
    };
    EXPECT_EQ(run(with_timeout(1ms, to_thread(slow))), 5);
}

TEST(to_thread, does_not_block_the_loop) {
    const test::own_context context;
    std::atomic<bool> ticked = false;
    const auto wait_for_tick = [&] {
        while (!ticked)
            std::this_thread::sleep_for(100us);
    };
    const auto tick = [&]() -> task<> {
        co_await sleep_for(1ms);
        ticked = true;
    };
    const auto body = [&]() -> task<> { co_await when_all(to_thread(wait_for_tick), tick()); };
    run(body());
    EXPECT_TRUE(ticked);
}

TEST(to_thread, runs_many_at_a_time) {
    const test::own_context context;
    const auto body = [&]() -> task<> {
        std::vector<task<int>> calls;
        for (int number = 0; number < 300; ++number)
            calls.push_back(as_task(to_thread(sum, number, 1)));
        const std::vector<int> sums = co_await when_all(std::move(calls));
        for (int number = 0; number < 300; ++number)
            EXPECT_EQ(sums[std::size_t(number)], number + 1);
    };
    run(body());
}

TEST(to_thread, that_is_never_awaited_destroys_the_function_without_a_call) {
    std::atomic<int> live = 0;
    std::atomic<int> calls = 0;
    {
        auto function = [held = test::counted(live), &calls] { ++calls; };
        const auto never_awaited = to_thread(std::move(function));
        EXPECT_GE(live, 1);
    }
    EXPECT_EQ(live, 0);
    EXPECT_EQ(calls, 0);
}

TEST(to_thread, destroys_function_arguments_and_result) {
    std::atomic<int> live = 0;
    {
        const test::own_context context;
        auto function = [held = test::counted(live)](const test::counted& argument) {
            return argument;
        };
        auto call = to_thread(std::move(function), test::counted(live));
        const test::counted result = run(std::move(call));
        EXPECT_GE(live, 1);
    }
    EXPECT_EQ(live, 0);
}

TEST(to_thread, from_another_loops_thread_comes_back_to_that_thread) {
    const test::own_context context;
    const test::loop_thread worker;
    const auto away = []() -> task<bool> {
        const auto before = std::this_thread::get_id();
        co_await to_thread([] {});
        co_return before == std::this_thread::get_id();
    };
    const auto body = [&]() -> task<> {
        const bool came_back = co_await spawn_on(worker.context(), away());
        EXPECT_TRUE(came_back);
    };
    run(body());
}

} // namespace
} // namespace gawait
