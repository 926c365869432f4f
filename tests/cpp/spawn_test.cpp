#include "gawait/spawn.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/shield.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::fail;
using gawait::test::filler;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::own_context;
using gawait::test::unobserved_log;

namespace {

task<> sleep_for_ever(counted) { co_await sleep_for(1h); }

bool is_invalid_argument(const error& failure) {
    return failure.matches(G_IO_ERROR_INVALID_ARGUMENT);
}

/// Makes GLib's log writer collect the messages of a domain of warnings.
class warning_log {
public:
    warning_log() {
        messages.clear();
        g_log_set_default_handler([](const char*, GLogLevelFlags, const char* message,
                                     gpointer) { messages.emplace_back(message); },
                                  nullptr);
    }
    warning_log(const warning_log&) = delete;
    warning_log& operator=(const warning_log&) = delete;
    ~warning_log() { g_log_set_default_handler(g_log_default_handler, nullptr); }

    static inline std::vector<std::string> messages;
};

} // namespace

TEST(spawn, begins_the_task_in_the_next_round) {
    bool begun = false;
    run([&]() -> task<> {
        const auto body = [&]() -> task<> {
            begun = true;
            co_return;
        };
        const auto handle = spawn(body());
        EXPECT_FALSE(begun);
        EXPECT_FALSE(handle.done());
        co_await yield();
        EXPECT_TRUE(begun);
        co_await handle;
        EXPECT_TRUE(handle.done());
    }());
}

TEST(spawn, gives_the_tasks_result_to_who_awaits_the_handle) {
    int object = 1;
    run([&]() -> task<> {
        const std::string text = co_await spawn(give<std::string>("text"));
        EXPECT_EQ(text, "text");
        const auto pointer = co_await spawn(give(std::make_unique<int>(2)));
        EXPECT_EQ(*pointer, 2);
        int& reference = co_await spawn(give<int&>(object));
        EXPECT_EQ(&reference, &object);
        co_await spawn(yield());
    }());
}

TEST(spawn, throws_the_tasks_exception_at_who_awaits_the_handle) {
    const unobserved_log log;
    EXPECT_THROW(run(spawn(fail("on purpose"))), std::runtime_error);
    EXPECT_TRUE(log.taken().empty());
}

TEST(spawn, of_a_task_without_a_coroutine_throws_invalid_argument) {
    try {
        (void)spawn(task<>());
        ADD_FAILURE() << "spawned nothing";
    } catch (const error& failure) {
        EXPECT_TRUE(is_invalid_argument(failure));
    }
}

TEST(spawn, on_another_context_runs_there) {
    const loop_thread elsewhere;
    run([&]() -> task<> {
        const auto where = []() -> task<std::thread::id> {
            co_await yield();
            co_return std::this_thread::get_id();
        };
        const auto here = std::this_thread::get_id();
        const auto there = co_await spawn_on(elsewhere.context(), where());
        EXPECT_EQ(there, elsewhere.id());
        EXPECT_EQ(std::this_thread::get_id(), here);
    }());
}

TEST(spawn, from_any_thread_begins_the_task_on_the_context) {
    const own_context context;
    std::atomic<int> ran{0};
    const auto here = std::this_thread::get_id();
    const auto body = [&]() -> task<> {
        EXPECT_EQ(std::this_thread::get_id(), here);
        ++ran;
        co_return;
    };
    std::vector<std::thread> spawners;
    for (int i = 0; i < 4; ++i)
        spawners.emplace_back([&] {
            for (int each = 0; each < 100; ++each)
                (void)spawn_on(context.get(), body());
        });
    EXPECT_TRUE(context.iterate_until([&] { return ran == 400; }));
    for (auto& spawner : spawners)
        spawner.join();
}

TEST(join_handle, awaited_twice_throws_invalid_argument) {
    run([]() -> task<> {
        const auto handle = spawn(give(1));
        const int first = co_await handle;
        EXPECT_EQ(first, 1);
        const auto second = co_await as_result(handle);
        EXPECT_TRUE(second.has_error() && is_invalid_argument(second.error()));
    }());
}

TEST(join_handle, awaited_by_two_gives_the_result_to_the_first) {
    run([]() -> task<> {
        const auto handle = spawn(give(1));
        const auto awaits = [](const join_handle<int>& awaited) -> task<bool> {
            const auto got = co_await as_result(awaited);
            co_return got.has_value();
        };
        const auto first = spawn(awaits(handle));
        const auto second = spawn(awaits(handle));
        const bool first_got_it = co_await first;
        const bool second_got_it = co_await second;
        EXPECT_TRUE(first_got_it);
        EXPECT_FALSE(second_got_it);
    }());
}

TEST(join_handle, taken_from_gives_the_result_of_an_ended_task_once) {
    const own_context context;
    const auto handle = spawn(give(5));
    try {
        (void)handle.take();
        ADD_FAILURE() << "the task has not even begun";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_PENDING));
    }
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    EXPECT_EQ(handle.take(), 5);
    EXPECT_THROW((void)handle.take(), error);
}

TEST(join_handle, that_was_moved_from_has_no_task) {
    const test::own_context context;
    auto handle = spawn(yield());
    auto other = std::move(handle);
    handle.cancel(); // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_TRUE(handle.done());
    EXPECT_THROW(handle.take(), error);
    const auto body = [&]() -> task<> { co_await handle; };
    EXPECT_TRUE(run(as_result(body())).error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    run([&]() -> task<> { co_await other; }());
}

TEST(join_handle, dropped_lets_the_task_run_on) {
    const own_context context;
    bool ended = false;
    const auto body = [&]() -> task<> {
        co_await yield();
        co_await yield();
        ended = true;
    };
    (void)spawn(body());
    EXPECT_TRUE(context.iterate_until([&] { return ended; }));
}

TEST(join_handle, dropped_reports_the_exception_that_ended_the_task) {
    const own_context context;
    const unobserved_log log;
    (void)spawn(fail("nobody looked"));
    context.iterate_while_ready();
    EXPECT_EQ(log.taken(), std::vector<std::string>{"nobody looked"});
}

TEST(join_handle, dropped_after_the_task_failed_reports_its_exception_then) {
    const own_context context;
    const unobserved_log log;
    std::optional handle = spawn(fail("nobody looked"));
    context.iterate_while_ready();
    EXPECT_TRUE(handle->done());
    EXPECT_TRUE(log.taken().empty());
    handle.reset();
    EXPECT_EQ(log.taken(), std::vector<std::string>{"nobody looked"});
}

TEST(join_handle, dropped_reports_no_cancellation) {
    const own_context context;
    const unobserved_log log;
    std::atomic<int> live{0};
    {
        const auto handle = spawn(sleep_for_ever(counted(live)));
        context.iterate_while_ready();
        handle.cancel();
    }
    EXPECT_TRUE(context.iterate_until([&] { return live == 0; }));
    EXPECT_TRUE(log.taken().empty());
}

TEST(join_handle, keeps_the_result_of_a_task_that_has_ended_and_no_argument) {
    const own_context context;
    std::atomic<int> live{0};
    const auto body = [](counted) -> task<std::string> {
        co_await yield();
        co_return "text";
    };
    const auto handle = spawn(body(counted(live)));
    EXPECT_EQ(live, 1);
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    EXPECT_EQ(live, 0);
    EXPECT_EQ(handle.take(), "text");
}

TEST(join_handle, goes_on_when_the_tasks_arguments_are_gone) {
    run([]() -> task<> {
        std::atomic<int> live{0};
        const auto body = [](counted) -> task<> {
            throw std::runtime_error("on purpose");
            co_return;
        };
        const auto handle = spawn(body(counted(live)));
        const auto awaits = [&]() -> task<int> {
            try {
                co_await handle;
            } catch (const std::runtime_error&) {
                co_return live;
            }
            co_return -1;
        };
        const int left = co_await awaits();
        EXPECT_EQ(left, 0);
    }());
}

TEST(join_handle, of_a_task_that_was_cancelled_before_it_began_keeps_no_argument) {
    const own_context context;
    std::atomic<int> live{0};
    const auto handle = spawn(sleep_for_ever(counted(live)));
    handle.cancel();
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    EXPECT_EQ(live, 0);
}

TEST(join_handle, cancelling_before_the_task_began_keeps_it_from_beginning) {
    bool begun = false;
    std::atomic<int> live{0};
    run([&]() -> task<> {
        const auto body = [&](counted) -> task<> {
            begun = true;
            co_return;
        };
        {
            const auto handle = spawn(body(counted(live)));
            handle.cancel();
            EXPECT_FALSE(handle.done());
            const auto outcome = co_await as_result(handle);
            EXPECT_TRUE(outcome.was_cancelled());
        }
        EXPECT_EQ(live, 0);
    }());
    EXPECT_FALSE(begun);
}

TEST(join_handle, cancelling_ends_the_task_in_flight) {
    std::atomic<int> live{0};
    run([&]() -> task<> {
        const auto handle = spawn(sleep_for_ever(counted(live)));
        co_await yield();
        handle.cancel();
        handle.cancel();
        EXPECT_FALSE(handle.done());
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_TRUE(handle.done());
        handle.cancel();
    }());
    EXPECT_EQ(live, 0);
}

TEST(join_handle, cancelling_a_task_that_has_ended_changes_nothing) {
    const own_context context;
    const auto handle = spawn(give(5));
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    handle.cancel();
    EXPECT_EQ(handle.take(), 5);
}

TEST(join_handle, cancelling_from_another_thread_ends_the_task) {
    const own_context context;
    std::atomic<int> live{0};
    const auto handle = spawn(sleep_for_ever(counted(live)));
    context.iterate_while_ready();
    std::thread([&] { handle.cancel(); }).join();
    EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    EXPECT_THROW(handle.take(), cancelled);
}

TEST(join_handle, await_that_is_cancelled_lets_the_spawned_task_run_on) {
    run([]() -> task<> {
        const auto inner = spawn(give(7));
        const auto awaits = [&]() -> task<int> { co_return co_await inner; };
        const auto outer = spawn(awaits());
        outer.cancel();
        const auto outcome = co_await as_result(outer);
        EXPECT_TRUE(outcome.was_cancelled());
        const int value = co_await inner;
        EXPECT_EQ(value, 7);
    }());
}

TEST(join_handle, several_awaits_can_be_cancelled_in_any_order) {
    run([]() -> task<> {
        std::atomic<int> live{0};
        const auto slow = spawn(sleep_for_ever(counted(live)));
        const auto awaits = [&]() -> task<> { co_await slow; };
        std::vector<join_handle<void>> waiting;
        for (int i = 0; i < 5; ++i)
            waiting.push_back(spawn(awaits()));
        co_await yield();
        for (const int position : {2, 0, 4}) {
            const auto& each = waiting[std::size_t(position)];
            each.cancel();
            const auto outcome = co_await as_result(each);
            EXPECT_TRUE(outcome.was_cancelled());
        }
        EXPECT_FALSE(slow.done());
        slow.cancel();
        int refused = 0;
        for (const int position : {1, 3}) {
            const auto outcome = co_await as_result(waiting[std::size_t(position)]);
            refused += outcome.has_error() || outcome.was_cancelled();
        }
        EXPECT_EQ(refused, 2);
    }());
}

TEST(join_handle, lets_many_awaits_be_cancelled_from_the_last_to_the_first) {
    run([]() -> task<> {
        constexpr std::size_t many = 20'000;
        std::atomic<int> live{0};
        const auto slow = spawn(sleep_for_ever(counted(live)));
        const auto awaits = [&]() -> task<> { co_await slow; };
        std::vector<join_handle<void>> waiting;
        for (std::size_t i = 0; i < many; ++i)
            waiting.push_back(spawn(awaits()));
        co_await yield();
        for (std::size_t i = many; i-- > 0;)
            waiting[i].cancel();
        std::size_t ended = 0;
        for (const auto& each : waiting) {
            const auto outcome = co_await as_result(each);
            ended += outcome.was_cancelled();
        }
        EXPECT_EQ(ended, many);
        EXPECT_FALSE(slow.done());
        slow.cancel();
        const auto outcome = co_await as_result(slow);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(join_handle, awaited_in_another_thread_resumes_there) {
    const loop_thread elsewhere;
    run([&]() -> task<> {
        const auto here = std::this_thread::get_id();
        for (int i = 0; i < 200; ++i) {
            const auto slow = [](int value) -> task<int> {
                if (value % 2)
                    co_await yield();
                co_return value;
            };
            const int value = co_await spawn_on(elsewhere.context(), slow(i));
            EXPECT_EQ(value, i);
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    }());
}

TEST(join_handle, await_cancelled_while_the_task_ends_in_another_thread_is_resumed_once) {
    const loop_thread elsewhere;
    std::mt19937 random(20240);
    int given = 0;
    int cancelled_awaits = 0;
    run([&]() -> task<> {
        const auto spin = [](unsigned rounds) -> task<int> {
            for (unsigned i = 0; i < rounds; ++i)
                co_await yield();
            co_return 1;
        };
        for (int i = 0; i < 2000; ++i) {
            const auto slow = spawn_on(elsewhere.context(), spin(unsigned(random() % 4)));
            const auto awaits = [&]() -> task<int> { co_return co_await slow; };
            const auto waiting = spawn(awaits());
            for (auto rounds = random() % 8; rounds > 0; --rounds)
                co_await yield();
            waiting.cancel();
            const auto outcome = co_await as_result(waiting);
            ++(outcome ? given : cancelled_awaits);
        }
    }());
    EXPECT_EQ(given + cancelled_awaits, 2000);
}

TEST(join_handle, dropped_in_another_thread_while_the_task_ends_leaves_nothing) {
    const loop_thread elsewhere;
    std::atomic<int> live{0};
    const auto body = [](counted) -> task<> { co_await yield(); };
    for (int i = 0; i < 2000; ++i)
        (void)spawn_on(elsewhere.context(), body(counted(live)));
    const auto fence = []() -> task<> {
        for (int i = 0; i < 4; ++i)
            co_await yield();
    };
    run(spawn_on(elsewhere.context(), fence()));
    EXPECT_EQ(live, 0);
}

TEST(spawned_task, is_cancelled_when_its_context_is_destroyed) {
    std::atomic<int> live{0};
    bool was_cancelled = false;
    const auto body = [&](counted argument) -> task<> {
        const counted local = argument;
        const auto slept = co_await as_result(sleep_for(1h));
        was_cancelled = slept.was_cancelled();
    };
    {
        const own_context context;
        (void)spawn(body(counted(live)));
        context.iterate_while_ready();
        EXPECT_EQ(live, 2);
    }
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(live, 0);
}

TEST(spawned_task, does_not_begin_when_its_context_is_destroyed_before) {
    std::atomic<int> live{0};
    bool begun = false;
    const auto body = [&](counted) -> task<> {
        begun = true;
        co_return;
    };
    std::optional<join_handle<void>> handle;
    {
        const own_context context;
        handle = spawn(body(counted(live)));
        (void)spawn(body(counted(live)));
    }
    EXPECT_TRUE(handle->done());
    EXPECT_THROW(handle->take(), cancelled);
    handle.reset();
    EXPECT_FALSE(begun);
    EXPECT_EQ(live, 0);
}

TEST(spawned_task, cleans_up_while_its_context_is_destroyed) {
    int steps = 0;
    const auto body = [&]() -> task<> {
        (void)co_await as_result(sleep_for(1h));
        ++steps;
        const auto rest = []() -> task<int> { co_return 1; };
        steps += co_await shield(rest());
    };
    {
        const own_context context;
        (void)spawn(body());
        context.iterate_while_ready();
    }
    EXPECT_EQ(steps, 2);
}

TEST(spawned_task, lets_a_waiting_task_elsewhere_go_on_when_its_context_is_destroyed) {
    std::atomic<int> live{0};
    bool told = false;
    std::optional<own_context> context(std::in_place);
    const auto handle = spawn(sleep_for_ever(counted(live)));
    context->iterate_while_ready();
    const loop_thread elsewhere;
    const auto awaits = [&]() -> task<> {
        const auto outcome = co_await as_result(handle);
        told = outcome.was_cancelled();
    };
    const auto waiting = spawn_on(elsewhere.context(), awaits());
    context.reset();
    run(waiting);
    EXPECT_TRUE(told);
    EXPECT_TRUE(handle.done());
}

TEST(spawned_task, keeps_its_context_while_an_operation_is_in_flight) {
    filler how{.late = 20ms};
    bool ended = false;
    const auto body = [&]() -> task<> {
        std::string buffer(16, ' ');
        (void)co_await as_result(
            async(test::fill_async, test::fill_finish, &how, buffer.data(), buffer.size()));
        ended = buffer == std::string(16, 'x');
    };
    {
        const own_context context;
        const auto handle = spawn(body());
        EXPECT_TRUE(context.iterate_until([&] { return how.begun == 1; }));
        handle.cancel();
        EXPECT_TRUE(context.iterate_until([&] { return handle.done(); }));
    }
    EXPECT_EQ(how.ended, 1);
    EXPECT_TRUE(ended);
}

TEST(unobserved_exception_handler, can_be_set_and_set_back) {
    const auto before = set_unobserved_exception_handler([](std::exception_ptr) noexcept {});
    const auto set = set_unobserved_exception_handler(nullptr);
    EXPECT_NE(set, before);
    EXPECT_EQ(set_unobserved_exception_handler(before), before);
}

TEST(unobserved_exception_handler, logs_a_warning_by_default) {
    const own_context context;
    const warning_log log;
    const auto odd = []() -> task<> {
        co_await yield();
        throw 42;
    };
    (void)spawn(fail("nobody looked"));
    (void)spawn(odd());
    context.iterate_while_ready();
    ASSERT_EQ(log.messages.size(), 2U);
    EXPECT_NE(log.messages[0].find("nobody looked"), std::string::npos) << log.messages[0];
    EXPECT_NE(log.messages[1].find("nobody observed the exception"), std::string::npos);
}
