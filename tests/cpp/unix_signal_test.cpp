#include "gawait/unix_signal.hpp"

#include "gawait/error.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace gawait {
namespace {

using namespace std::chrono_literals;

bool has_default_effect(int number) {
    struct sigaction current{};
    sigaction(number, nullptr, &current);
    return current.sa_handler == SIG_DFL;
}

TEST(unix_signal, ends_the_wait_for_it) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (const int number : {SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH}) {
            const auto waiting = spawn(unix_signal(number));
            co_await sleep_for(1ms);
            EXPECT_FALSE(waiting.done());
            ::raise(number);
            co_await waiting;
        }
    };
    run(body());
}

TEST(unix_signal, of_ctrl_c_ends_the_wait_for_it) {
    const test::own_context context;
    const auto waiting = spawn(unix_signal(SIGINT));
    context.iterate_while_ready();
    ::raise(SIGINT);
    EXPECT_TRUE(context.iterate_until([&] { return waiting.done(); }));
    EXPECT_NO_THROW(waiting.take());
}

TEST(unix_signal, ends_all_waits_for_it_and_none_for_another) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto first = spawn(unix_signal(SIGUSR1));
        const auto second = spawn(unix_signal(SIGUSR1));
        const auto other = spawn(unix_signal(SIGUSR2));
        co_await yield();
        ::raise(SIGUSR1);
        co_await first;
        co_await second;
        EXPECT_FALSE(other.done());
        ::raise(SIGUSR2);
        co_await other;
    };
    run(body());
}

TEST(unix_signal, does_nothing_else_while_any_task_waits_and_has_its_default_effect_afterwards) {
    const test::own_context context;
    ASSERT_TRUE(has_default_effect(SIGUSR1));
    const auto body = []() -> task<> {
        const auto first = spawn(unix_signal(SIGUSR1));
        const auto second = spawn(unix_signal(SIGUSR1));
        co_await yield();
        EXPECT_FALSE(has_default_effect(SIGUSR1));
        second.cancel();
        EXPECT_TRUE((co_await as_result(second)).was_cancelled());
        EXPECT_FALSE(has_default_effect(SIGUSR1)) << "the first task waits still";
        ::raise(SIGUSR1);
        co_await first;
    };
    run(body());
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

TEST(unix_signal, that_glib_cannot_wait_for_throws_invalid_argument_from_the_call) {
    for (const int number : {0, -1, int(SIGKILL), int(SIGSEGV), int(SIGCHLD), 1000}) {
        try {
            const auto never_awaited = unix_signal(number);
            ADD_FAILURE() << "accepted " << number;
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT)) << number;
        }
    }
}

TEST(unix_signal, whose_wait_is_cancelled_throws_cancelled) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto waiting = spawn(unix_signal(SIGUSR1));
        co_await yield();
        const std::jthread canceller([&] { waiting.cancel(); });
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
    };
    run(body());
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

TEST(unix_signal, awaited_by_a_cancelled_task_throws_cancelled) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await unix_signal(SIGUSR1);
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

TEST(unix_signal, may_be_waited_for_again_and_again) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (int round = 0; round < 50; ++round) {
            const auto waiting = spawn(unix_signal(SIGUSR2));
            co_await yield();
            ::raise(SIGUSR2);
            co_await waiting;
        }
    };
    run(body());
}

} // namespace
} // namespace gawait
