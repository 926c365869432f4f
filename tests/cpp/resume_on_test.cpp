#include "gawait/resume_on.hpp"

#include "gawait/async.hpp"
#include "gawait/async_generator.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/when_any.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"

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

class resume_on_test : public testing::Test {
protected:
    /// Goes elsewhere, and tells on which thread it was then.
    static task<std::thread::id> thread_after_hop(GMainContext* elsewhere) {
        co_await resume_on(elsewhere);
        co_return std::this_thread::get_id();
    }

    static task<> sleep_elsewhere(GMainContext* elsewhere) {
        co_await resume_on(elsewhere);
        co_await sleep_for(1h);
    }

    const test::own_context context;
    const std::thread::id here = std::this_thread::get_id();
    const test::loop_thread worker;
    const test::loop_thread other_worker;
};

TEST_F(resume_on_test, goes_on_on_the_thread_of_the_other_context) {
    const auto body = [&]() -> task<> {
        EXPECT_EQ(std::this_thread::get_id(), here);
        co_await resume_on(worker.context());
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
        EXPECT_TRUE(g_main_context_is_owner(worker.context()));
        EXPECT_EQ(g_main_context_get_thread_default(), worker.context());
    };
    run(body());
    EXPECT_EQ(std::this_thread::get_id(), here);
}

TEST_F(resume_on_test, may_hop_back_and_forth) {
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 200; ++round) {
            co_await resume_on(worker.context());
            EXPECT_EQ(std::this_thread::get_id(), worker.id());
            co_await resume_on(other_worker.context());
            EXPECT_EQ(std::this_thread::get_id(), other_worker.id());
            co_await resume_on(context.get());
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    run(body());
}

TEST_F(resume_on_test, to_where_the_task_is_does_nothing) {
    const auto body = [&]() -> task<> {
        co_await resume_on(context.get());
        EXPECT_EQ(std::this_thread::get_id(), here);
        co_await resume_on(worker.context());
        co_await resume_on(worker.context());
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
    };
    run(body());
}

TEST_F(resume_on_test, null_stands_for_the_thread_default_context_of_the_await) {
    const auto body = [&]() -> task<> {
        co_await resume_on(nullptr);
        EXPECT_EQ(std::this_thread::get_id(), here);
        co_await resume_on(worker.context());
        co_await resume_on(nullptr);
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
    };
    run(body());
}

TEST_F(resume_on_test, stays_with_the_coroutine_that_hopped_and_its_awaiter_is_resumed_at_home) {
    const auto body = [&]() -> task<> {
        const std::thread::id away = co_await thread_after_hop(worker.context());
        EXPECT_EQ(away, worker.id());
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_EQ(g_main_context_get_thread_default(), context.get());
    };
    run(body());
}

TEST_F(resume_on_test, each_awaiter_is_resumed_where_it_was_itself) {
    const auto inner = [&]() -> task<> {
        co_await resume_on(other_worker.context());
        EXPECT_EQ(std::this_thread::get_id(), other_worker.id());
    };
    const auto middle = [&]() -> task<> {
        co_await resume_on(worker.context());
        co_await inner();
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
    };
    const auto body = [&]() -> task<> {
        co_await middle();
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, a_child_begins_where_its_awaiter_hopped_to) {
    const auto child = [&]() -> task<std::thread::id> { co_return std::this_thread::get_id(); };
    const auto body = [&]() -> task<> {
        co_await resume_on(worker.context());
        const std::thread::id begun = co_await child();
        EXPECT_EQ(begun, worker.id());
    };
    run(body());
}

TEST_F(resume_on_test, operations_and_sleeps_of_a_hopped_task_call_back_there) {
    const test::temporary_directory directory;
    const auto file = directory.file("greeting", "hello");
    const auto body = [&]() -> task<> {
        co_await resume_on(worker.context());
        co_await sleep_for(1ms);
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
        const auto contents =
            co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
        EXPECT_EQ(std::get<1>(contents), 5U);
        co_await yield();
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
    };
    run(body());
}

TEST_F(resume_on_test, an_exception_comes_home_with_its_awaiter) {
    const auto failing = [&]() -> task<int> {
        co_await resume_on(worker.context());
        throw std::runtime_error("away");
    };
    const auto body = [&]() -> task<> {
        try {
            co_await failing();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& failure) {
            EXPECT_STREQ(failure.what(), "away");
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    run(body());
}

TEST_F(resume_on_test, a_result_that_can_only_be_moved_comes_home) {
    const auto making = [&]() -> task<std::unique_ptr<int>> {
        co_await resume_on(worker.context());
        co_return std::make_unique<int>(5);
    };
    EXPECT_EQ(*run(making()), 5);
}

TEST_F(resume_on_test, the_frame_of_a_hopped_coroutine_is_destroyed) {
    std::atomic<int> live = 0;
    const auto holder = [&]() -> task<> {
        const test::counted here_too(live);
        co_await resume_on(worker.context());
        const test::counted away(live);
        co_await yield();
    };
    run(holder());
    EXPECT_EQ(live, 0);
}

TEST_F(resume_on_test, of_a_cancelled_task_throws_without_hopping) {
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(resume_on(worker.context()))).was_cancelled());
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, of_a_task_that_is_cancelled_on_the_way_throws_after_the_hop) {
    std::promise<void> on_the_way;
    const auto cancel_when_on_the_way = [&](detail::cancellation& node) -> task<> {
        on_the_way.get_future().wait(); // holds up the worker, and with it the hop
        node.request();
        co_return;
    };
    const auto tell_that_it_is = [&]() -> task<> {
        on_the_way.set_value();
        co_return;
    };
    std::thread::id thrown_on;
    const auto hopping = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        const auto canceller = spawn_on(worker.context(), cancel_when_on_the_way(*env.cancel));
        const auto teller = spawn(tell_that_it_is());
        try {
            co_await resume_on(worker.context());
        } catch (const cancelled&) {
            thrown_on = std::this_thread::get_id();
            throw;
        }
    };
    EXPECT_THROW(run(hopping()), cancelled);
    EXPECT_EQ(thrown_on, worker.id());
}

TEST_F(resume_on_test, a_hopped_task_is_cancelled_from_its_old_thread) {
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 50; ++round) {
            const auto away = spawn(sleep_elsewhere(worker.context()));
            co_await sleep_for(std::chrono::microseconds(20 * round));
            away.cancel();
            EXPECT_TRUE((co_await as_result(away)).was_cancelled());
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    run(body());
}

TEST_F(resume_on_test, a_hopped_task_is_cancelled_from_its_new_thread) {
    const auto cancel_there = [&](join_handle<void> target) -> task<> {
        co_await resume_on(worker.context());
        co_await sleep_for(1ms);
        target.cancel();
    };
    const auto body = [&]() -> task<> {
        const auto away = spawn(sleep_elsewhere(worker.context()));
        co_await cancel_there(away);
        EXPECT_TRUE((co_await as_result(away)).was_cancelled());
    };
    run(body());
}

TEST_F(resume_on_test, a_hopped_task_is_cancelled_by_a_timeout_at_home) {
    const auto body = [&]() -> task<> {
        const auto outcome =
            co_await as_result(with_timeout(2ms, sleep_elsewhere(worker.context())));
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, a_timeout_begun_away_ends_there) {
    const auto body = [&]() -> task<> {
        co_await resume_on(worker.context());
        const auto outcome =
            co_await as_result(with_timeout(2ms, sleep_elsewhere(other_worker.context())));
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_EQ(std::this_thread::get_id(), worker.id());
    };
    run(body());
}

TEST_F(resume_on_test, children_of_when_all_may_hop) {
    const auto body = [&]() -> task<> {
        const auto [first, second, third] =
            co_await when_all(thread_after_hop(worker.context()), thread_after_hop(context.get()),
                              thread_after_hop(other_worker.context()));
        EXPECT_EQ(first, worker.id());
        EXPECT_EQ(second, here);
        EXPECT_EQ(third, other_worker.id());
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, a_child_of_when_all_that_fails_elsewhere_cancels_the_others) {
    const auto failing = [&]() -> task<> {
        co_await resume_on(worker.context());
        throw std::runtime_error("away");
    };
    const auto body = [&]() -> task<> {
        try {
            co_await when_all(failing(), sleep_elsewhere(other_worker.context()), sleep_for(1h));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error&) {
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
    };
    run(body());
}

TEST_F(resume_on_test, children_of_when_any_may_hop) {
    const auto body = [&]() -> task<> {
        const auto first = co_await when_any(sleep_elsewhere(other_worker.context()),
                                             thread_after_hop(worker.context()));
        EXPECT_EQ(std::get<1>(first), worker.id());
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, children_of_a_scope_may_hop) {
    std::atomic<int> ended = 0;
    const auto child = [&](GMainContext* elsewhere) -> task<> {
        co_await resume_on(elsewhere);
        co_await yield();
        ++ended;
    };
    const auto spawn_children = [&](scope& children) -> task<> {
        for (int count = 0; count < 20; ++count) {
            children.spawn(child(worker.context()));
            children.spawn(child(other_worker.context()));
            children.spawn(child(context.get()));
        }
        co_return;
    };
    const auto body = [&]() -> task<> {
        co_await with_scope(spawn_children);
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_EQ(ended, 60);
    };
    run(body());
}

TEST_F(resume_on_test, a_scope_cancels_children_that_hopped) {
    const auto spawn_children = [&](scope& children) -> task<> {
        children.spawn(sleep_elsewhere(worker.context()));
        children.spawn(sleep_elsewhere(other_worker.context()));
        co_await sleep_for(2ms);
        children.cancel();
    };
    const auto body = [&]() -> task<> {
        co_await with_scope(spawn_children);
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, a_generator_may_hop_and_its_values_arrive_at_home) {
    const auto numbers = [&](int count) -> async_generator<int> {
        for (int value = 0; value < count; ++value) {
            EXPECT_EQ(std::this_thread::get_id(), here) << "next() is awaited here";
            co_await resume_on(worker.context());
            EXPECT_EQ(std::this_thread::get_id(), worker.id());
            co_yield value;
        }
        co_await resume_on(other_worker.context());
    };
    const auto body = [&]() -> task<> {
        auto values = numbers(50);
        int expected = 0;
        while (const int* value = co_await values.next()) {
            EXPECT_EQ(*value, expected++);
            EXPECT_EQ(std::this_thread::get_id(), here);
        }
        EXPECT_EQ(expected, 50);
        EXPECT_EQ(std::this_thread::get_id(), here);
    };
    run(body());
}

TEST_F(resume_on_test, a_spawned_task_that_hopped_is_joined_from_any_thread) {
    const auto join_elsewhere =
        [&](const join_handle<std::thread::id>& joined) -> task<std::thread::id> {
        co_await resume_on(other_worker.context());
        co_return co_await joined;
    };
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 100; ++round) {
            const auto away = spawn(thread_after_hop(worker.context()));
            const std::thread::id was = co_await join_elsewhere(away);
            EXPECT_EQ(was, worker.id());
        }
    };
    run(body());
}

TEST_F(resume_on_test, many_tasks_hop_at_the_same_time) {
    const auto hop_around = [&](int rounds) -> task<int> {
        int hops = 0;
        for (int round = 0; round < rounds; ++round) {
            co_await resume_on(worker.context());
            ++hops;
            co_await resume_on(other_worker.context());
            ++hops;
        }
        co_return hops;
    };
    const auto body = [&]() -> task<> {
        std::vector<task<int>> hopping;
        for (int count = 0; count < 100; ++count)
            hopping.push_back(hop_around(20));
        for (const int hops : co_await when_all(std::move(hopping)))
            EXPECT_EQ(hops, 40);
    };
    run(body());
}

TEST_F(resume_on_test, keeps_both_contexts_alive_meanwhile) {
    auto short_lived = std::make_unique<test::loop_thread>();
    const auto body = [&]() -> task<> {
        co_await resume_on(short_lived->context());
        co_await resume_on(context.get());
        short_lived = nullptr; // its thread is gone; the context lives as long as it may
        co_await yield();
    };
    run(body());
    EXPECT_EQ(short_lived, nullptr);
}

TEST_F(resume_on_test, keeps_the_context_alive_where_a_task_waits) {
    auto other = ref<GMainContext>::adopt(g_main_context_new());
    const engine_ref away = engine::get(other);
    const auto body = [&]() -> task<> {
        co_await resume_on(other);
        other = nullptr;
        co_await sleep_for(1ms);
    };
    const auto ended = spawn(body());
    context.iterate_while_ready();
    g_main_context_iteration(other, FALSE);
    ASSERT_TRUE(away->context());
    EXPECT_TRUE(context.iterate_until(
        [&] { return ended.done() || (g_main_context_iteration(away->context(), FALSE), false); }));
    EXPECT_FALSE(away->context());
}

TEST_F(resume_on_test, from_a_loop_that_ends_with_the_task_leaves_nothing_behind) {
    // The engine here goes with each run(), while the worker may still be handing over.
    const auto coming_home = [&]() -> task<> { co_await resume_on(worker.context()); };
    const auto keep_busy = [](const std::atomic<bool>& until) -> task<> {
        while (!until)
            co_await yield();
    };
    for (int round = 0; round < 300; ++round) {
        const test::own_context brief;
        std::atomic<bool> home = false;
        const auto come_home = [&]() -> task<> {
            co_await coming_home();
            home = true;
        };
        const auto body = [&]() -> task<> { co_await when_all(keep_busy(home), come_home()); };
        run(body());
        EXPECT_TRUE(home);
    }
}

} // namespace
} // namespace gawait
