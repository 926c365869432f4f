#include "gawait/detail/one_context.hpp"

#include "gawait/channel.hpp"
#include "gawait/event.hpp"
#include "gawait/mutex.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/semaphore.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::loop_thread;

/// Gives the message of the error that a task of another context gets.
template <class Await> task<std::string> refusal(Await await) {
    try {
        co_await with_timeout(1s, await());
    } catch (const error& failure) {
        co_return failure.matches(G_IO_ERROR_INVALID_ARGUMENT) ? failure.what() : "";
    }
    co_return "";
}

constexpr auto reason =
    "gawait: an object that belongs to the tasks of one main context (a channel, mutex, "
    "semaphore or event) was awaited in a task of another one";

/// Awaits something here and then elsewhere.
template <class Await> void expect_refusal(Await await) {
    const loop_thread elsewhere;
    run([&]() -> task<> {
        co_await await();
        const std::string refused = co_await spawn_on(elsewhere.context(), refusal(await));
        EXPECT_EQ(refused, reason);
    }());
}

TEST(one_context, is_that_of_the_first_task_which_waits_for_an_event) {
    event happened;
    happened.set();
    expect_refusal([&]() -> task<> { co_await happened.wait(); });
}

TEST(one_context, is_that_of_the_first_task_which_acquires_a_semaphore) {
    semaphore permits(2);
    expect_refusal([&]() -> task<> { co_await permits.acquire(); });
}

TEST(one_context, is_that_of_the_first_task_which_locks_a_mutex) {
    mutex one;
    expect_refusal([&]() -> task<> { const auto lock = co_await one.lock(); });
}

TEST(one_context, is_that_of_the_first_task_which_sends_into_a_channel) {
    channel<int> numbers(8);
    expect_refusal([&]() -> task<> { co_await numbers.send(1); });
}

TEST(one_context, is_the_same_for_both_ends_of_a_channel) {
    channel<int> numbers(1);
    const loop_thread elsewhere;
    const auto send = [&]() -> task<> { co_await numbers.send(1); };
    const auto receive = [&]() -> task<> { (void)co_await numbers.receive(); };
    run([&]() -> task<> {
        co_await send();
        const std::string refused = co_await spawn_on(elsewhere.context(), refusal(receive));
        EXPECT_EQ(refused, reason);
    }());
}

TEST(one_context, refuses_also_a_task_that_would_have_to_wait) {
    channel<int> numbers(0);
    const loop_thread elsewhere;
    const auto receive = [&]() -> task<> { (void)co_await numbers.receive(); };
    run([&]() -> task<> {
        const auto waiting = spawn(receive());
        co_await yield();
        const std::string refused = co_await spawn_on(elsewhere.context(), refusal(receive));
        EXPECT_EQ(refused, reason);
        co_await numbers.send(1);
        co_await waiting;
    }());
}

TEST(one_context, stays_when_its_engine_goes_and_comes_again) {
    const test::own_context context;
    event happened;
    happened.set();
    const auto wait = [&]() -> task<> { co_await happened.wait(); };
    run(wait());
    // So that the next engine is not where the last one was.
    const auto another = engine::get(g_main_context_default());
    run(wait());
}

} // namespace
} // namespace gawait
