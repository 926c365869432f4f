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

TEST(unix_signal, that_is_waited_for_ends_with_its_context) {
    auto context = ref<GMainContext>::adopt(g_main_context_new());
    const auto waiting = spawn_on(context, unix_signal(SIGUSR1));
    while (g_main_context_iteration(context, FALSE)) {
    }
    EXPECT_FALSE(waiting.done());
    context = {};
    ASSERT_TRUE(waiting.done());
    EXPECT_THROW(waiting.take(), cancelled);
    EXPECT_TRUE(has_default_effect(SIGUSR1));
}

TEST(unix_signal, can_be_awaited_again) {
    const test::own_context context;
    run([]() -> task<> {
        auto signal = unix_signal(SIGUSR1);
        const auto raise_soon = []() -> task<> {
            co_await sleep_for(1ms);
            ::raise(SIGUSR1);
        };
        for (int times = 0; times < 3; ++times) {
            const auto raising = spawn(raise_soon());
            co_await signal;
            co_await raising;
        }
    }());
    EXPECT_TRUE(has_default_effect(SIGUSR1));
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

TEST(unix_signals, holds_the_handler_as_long_as_it_lives) {
    const test::own_context context;
    {
        unix_signals hangups(SIGHUP);
        EXPECT_FALSE(has_default_effect(SIGHUP));
        const auto body = [&]() -> task<> {
            for (int round = 0; round < 3; ++round) {
                ::raise(SIGHUP);
                co_await hangups.next();
                EXPECT_FALSE(has_default_effect(SIGHUP));
            }
        };
        run(body());
        EXPECT_FALSE(has_default_effect(SIGHUP));
    }
    EXPECT_TRUE(has_default_effect(SIGHUP));
}

TEST(unix_signals, remembers_one_that_comes_while_it_is_dealt_with) {
    const test::own_context context;
    const auto body = []() -> task<> {
        unix_signals hangups(SIGHUP);
        const auto first = spawn(hangups.next());
        co_await sleep_for(1ms);
        EXPECT_FALSE(first.done());
        ::raise(SIGHUP);
        co_await first;
        ::raise(SIGHUP); // with unix_signal() this would be the end of the process
        co_await sleep_for(10ms);
        co_await hangups.next();
    };
    run(body());
}

TEST(unix_signals, that_come_while_nobody_waits_are_one) {
    const test::own_context context;
    const auto body = []() -> task<> {
        unix_signals hangups(SIGHUP);
        for (int signal = 0; signal < 3; ++signal) {
            ::raise(SIGHUP);
            co_await sleep_for(2ms);
        }
        co_await hangups.next();
        const auto next = spawn(hangups.next());
        co_await sleep_for(5ms);
        EXPECT_FALSE(next.done());
        next.cancel();
        EXPECT_TRUE((co_await as_result(next)).was_cancelled());
    };
    run(body());
}

TEST(unix_signals, lets_those_that_wait_go_on_one_after_the_other) {
    const test::own_context context;
    const auto body = []() -> task<> {
        unix_signals users(SIGUSR1);
        const auto first = spawn(users.next());
        const auto second = spawn(users.next());
        co_await yield();
        ::raise(SIGUSR1);
        co_await first;
        EXPECT_FALSE(second.done());
        ::raise(SIGUSR1);
        co_await second;
    };
    run(body());
}

TEST(unix_signals, whose_wait_is_cancelled_remember_the_signal_for_the_next) {
    const test::own_context context;
    const auto body = []() -> task<> {
        unix_signals users(SIGUSR1);
        const auto waiting = spawn(users.next());
        co_await yield();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        ::raise(SIGUSR1);
        co_await sleep_for(2ms);
        const auto late = spawn(users.next());
        late.cancel(); // before it begins
        EXPECT_TRUE((co_await as_result(late)).was_cancelled());
        const auto cancelled_itself = []() -> task<> {
            const detail::environment& env = co_await detail::current_environment();
            env.cancel->request();
        };
        const auto gives_up = [](unix_signals& signals, auto cancel) -> task<> {
            co_await cancel();
            co_await signals.next();
        };
        EXPECT_TRUE((co_await as_result(spawn(gives_up(users, cancelled_itself)))).was_cancelled());
        co_await users.next();
    };
    run(body());
}

TEST(unix_signals, belong_to_the_tasks_of_one_context) {
    const test::own_context context;
    unix_signals users(SIGUSR1);
    const auto take = [&]() -> task<> {
        ::raise(SIGUSR1);
        co_await users.next();
    };
    run(take());
    std::jthread([&] {
        const test::own_context other;
        const auto fails = [&]() -> task<> { co_await users.next(); };
        try {
            run(fails());
            ADD_FAILURE() << "waited";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
        }
    }).join();
}

TEST(unix_signals, that_glib_cannot_wait_for_throw_invalid_argument) {
    EXPECT_THROW(unix_signals(SIGKILL), error);
    EXPECT_THROW(unix_signals(0), error);
}

} // namespace
} // namespace gawait
