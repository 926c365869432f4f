#include "gawait/with_cancellable.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <thread>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::fill_frame;
using gawait::test::filler;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::new_cancellable;

namespace {} // namespace

TEST(with_cancellable, gives_what_the_awaitable_gives) {
    const auto outside = new_cancellable();
    EXPECT_EQ(run(with_cancellable(outside, give(5))), 5);
    int object = 1;
    const auto refer = [&]() -> task<int&> { co_return object; };
    EXPECT_EQ(&run(with_cancellable(outside, refer())), &object);
    run(with_cancellable(outside, yield()));
}

TEST(with_cancellable, of_null_only_awaits) {
    EXPECT_EQ(run(with_cancellable(nullptr, give(5))), 5);
}

TEST(with_cancellable, is_cancelled_in_flight) {
    const auto outside = new_cancellable();
    run([&]() -> task<> {
        const auto handle = spawn(with_cancellable(outside, sleep_for(1h)));
        co_await yield();
        EXPECT_FALSE(handle.done());
        g_cancellable_cancel(outside);
        EXPECT_FALSE(handle.done());
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(with_cancellable, is_cancelled_by_what_was_cancelled_before) {
    const auto outside = new_cancellable();
    g_cancellable_cancel(outside);
    filler how;
    EXPECT_THROW(run(with_cancellable(outside, fill_frame(how))), cancelled);
    EXPECT_EQ(how.begun, 0);
}

TEST(with_cancellable, is_cancelled_from_another_thread_and_waits_for_the_operation) {
    const auto outside = new_cancellable();
    filler how{.late = 10ms};
    run([&]() -> task<> {
        const auto handle = spawn(with_cancellable(outside, fill_frame(how)));
        while (how.begun == 0)
            co_await yield();
        std::thread([&] { g_cancellable_cancel(outside); }).join();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(how.ended, 1);
    }());
}

TEST(with_cancellable, is_cancelled_with_the_task_that_awaits) {
    const auto outside = new_cancellable();
    run([&]() -> task<> {
        const auto handle = spawn(with_cancellable(outside, sleep_for(1h)));
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
    EXPECT_FALSE(g_cancellable_is_cancelled(outside));
}

TEST(with_cancellable, does_not_cancel_the_task_that_awaits) {
    const auto outside = new_cancellable();
    run([&]() -> task<> {
        g_cancellable_cancel(outside);
        const auto outcome = co_await as_result(with_cancellable(outside, sleep_for(1h)));
        EXPECT_TRUE(outcome.was_cancelled());
        co_await yield();
    }());
}

TEST(with_cancellable, no_longer_minds_it_after_the_await) {
    const auto outside = new_cancellable();
    run([&]() -> task<> {
        const auto body = [&]() -> task<int> {
            int value = co_await with_cancellable(outside, give(1));
            g_cancellable_cancel(outside);
            value += co_await give(1);
            co_return value;
        };
        const int value = co_await body();
        EXPECT_EQ(value, 2);
    }());
}

TEST(with_cancellable, keeps_a_reference_until_the_await_ends) {
    auto outside = new_cancellable();
    weak_ref<GCancellable> watch(outside);
    run([&]() -> task<> {
        auto waiting = with_cancellable(outside, give(1));
        outside = nullptr;
        EXPECT_TRUE(watch.lock());
        co_await waiting;
    }());
    EXPECT_FALSE(watch.lock());
}

TEST(with_cancellable, racing_with_completion_ends_one_way_or_the_other) {
    std::mt19937 random(20243);
    const loop_thread canceller;
    int values = 0;
    int cancellations = 0;
    run([&]() -> task<> {
        for (int i = 0; i < 2000; ++i) {
            const auto outside = new_cancellable();
            const auto cancel = [&]() -> task<> {
                g_cancellable_cancel(outside);
                co_return;
            };
            const auto work = [&](unsigned rounds) -> task<> {
                for (; rounds > 0; --rounds)
                    co_await yield();
            };
            const auto cancelling = spawn_on(canceller.context(), cancel());
            const auto outcome =
                co_await as_result(with_cancellable(outside, work(unsigned(random() % 20))));
            ++(outcome ? values : cancellations);
            co_await cancelling;
        }
    }());
    EXPECT_EQ(values + cancellations, 2000);
}

TEST(with_stop_token, is_cancelled_in_flight) {
    std::stop_source source;
    run([&]() -> task<> {
        const auto handle = spawn(with_stop_token(source.get_token(), sleep_for(1h)));
        co_await yield();
        source.request_stop();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(with_stop_token, is_cancelled_by_what_was_stopped_before) {
    std::stop_source source;
    source.request_stop();
    filler how;
    EXPECT_THROW(run(with_stop_token(source.get_token(), fill_frame(how))), cancelled);
    EXPECT_EQ(how.begun, 0);
}

TEST(with_stop_token, is_cancelled_from_another_thread_and_waits_for_the_operation) {
    std::stop_source source;
    filler how{.late = 10ms};
    run([&]() -> task<> {
        const auto handle = spawn(with_stop_token(source.get_token(), fill_frame(how)));
        while (how.begun == 0)
            co_await yield();
        std::thread([&] { source.request_stop(); }).join();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(how.ended, 1);
    }());
}

TEST(with_stop_token, that_nobody_can_stop_only_awaits) {
    EXPECT_EQ(run(with_stop_token(std::stop_token(), give(5))), 5);
}

TEST(with_stop_token, is_cancelled_with_the_task_that_awaits) {
    std::stop_source source;
    run([&]() -> task<> {
        const auto handle = spawn(with_stop_token(source.get_token(), sleep_for(1h)));
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
    EXPECT_FALSE(source.stop_requested());
}

TEST(current_cancellable, is_the_one_that_operations_of_the_task_get) {
    run([]() -> task<> {
        GCancellable* own = co_await current_cancellable();
        GCancellable* given = nullptr;
        filler how{.length = 0ms};
        std::array<char, 4> buffer{};
        const auto start = [&](GCancellable* cancellable, GAsyncReadyCallback callback,
                               gpointer data) {
            given = cancellable;
            test::fill_async(&how, buffer.data(), buffer.size(), cancellable, callback, data);
        };
        const auto filled = co_await async(start, test::fill_finish);
        EXPECT_EQ(filled, 4);
        EXPECT_NE(own, nullptr);
        EXPECT_EQ(given, own);
    }());
}

TEST(current_cancellable, is_that_of_the_task_which_awaits) {
    run([]() -> task<> {
        const auto inner = []() -> task<GCancellable*> {
            co_return co_await current_cancellable();
        };
        GCancellable* own = co_await current_cancellable();
        GCancellable* inners = co_await inner();
        EXPECT_EQ(inners, own);
        GCancellable* spawned = co_await spawn(inner());
        EXPECT_NE(spawned, own);
    }());
}

TEST(current_cancellable, cancelled_by_the_task_itself_cancels_the_task) {
    run([]() -> task<> {
        const auto body = []() -> task<> {
            g_cancellable_cancel(co_await current_cancellable());
            co_await sleep_for(1h);
        };
        const auto outcome = co_await as_result(spawn(body()));
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(current_cancellable, cancelled_from_another_thread_cancels_the_task) {
    run([]() -> task<> {
        const auto body = []() -> task<> {
            GCancellable* own = co_await current_cancellable();
            std::thread([&] { g_cancellable_cancel(own); }).join();
            co_await sleep_for(1h);
        };
        const auto outcome = co_await as_result(spawn(body()));
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}
