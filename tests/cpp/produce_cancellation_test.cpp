#include "gawait/produce.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/shield.hpp"
#include "gawait/sleep.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/engine_work.hpp"
#include "support/failure_slot.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/produce_fixture.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::callback_log;
using gawait::test::counted;
using gawait::test::expect_critical;
using gawait::test::failure_slot;
using gawait::test::give;
using gawait::test::hold;
using gawait::test::new_cancellable;
using gawait::test::new_object;
using gawait::test::own_context;
using gawait::test::produce;
using gawait::test::wait_for_ever;
using gawait::test::work;
using gawait::test::work_async;

// Cancellation ---------------------------------------------------------------------

TEST_F(produce, cancels_the_body_with_the_callers_cancellable) {
    callback_log log;
    const auto cancellable = new_cancellable();
    work_async<void>(log.call(nullptr, cancellable), wait_for_ever);
    context.iterate_while_ready();
    EXPECT_EQ(log.calls(), 0);
    g_cancellable_cancel(cancellable);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_FALSE(work<void>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
}

TEST_F(produce, cancels_the_gio_operation_that_the_body_awaits) {
    callback_log log;
    const auto cancellable = new_cancellable();
    const auto listener = ref<GSocketListener>::adopt(g_socket_listener_new());
    g_socket_listener_add_any_inet_port(listener, nullptr, nullptr);
    work_async<ref<GSocketConnection>>(log.call(nullptr, cancellable), [&] {
        return [](ref<GSocketListener> from) -> task<ref<GSocketConnection>> {
            auto accepted = [&](GCancellable* stop, GAsyncReadyCallback ready, gpointer data) {
                g_socket_listener_accept_async(from, stop, ready, data);
            };
            const auto finish = +[](GAsyncResult* result, GError** failure) {
                const auto listening =
                    ref<GObject>::adopt(g_async_result_get_source_object(result));
                return g_socket_listener_accept_finish(
                    reinterpret_cast<GSocketListener*>(listening.get()), result, nullptr, failure);
            };
            co_return co_await async(accepted, finish);
        }(listener);
    });
    context.iterate_while_ready();
    g_cancellable_cancel(cancellable);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_FALSE(work<ref<GSocketConnection>>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
}

TEST_F(produce, lets_a_cancelled_body_clean_up_first) {
    callback_log log;
    const auto cancellable = new_cancellable();
    bool cleaned_up = false;
    work_async<void>(log.call(nullptr, cancellable), [&]() -> task<> {
        const auto waited = co_await as_result(sleep_for(1h));
        co_await shield(give(1, 5));
        cleaned_up = true;
        waited.value();
    });
    context.iterate_while_ready();
    log.in_callback([&] { EXPECT_TRUE(cleaned_up); });
    g_cancellable_cancel(cancellable);
    EXPECT_FALSE(cleaned_up);
    iterate_until_called_back(log);
}

TEST_F(produce, calls_back_after_the_thread_that_works_for_a_cancelled_body_has_returned) {
    callback_log log;
    const auto cancellable = new_cancellable();
    std::promise<void> began;
    std::promise<void> may_return;
    std::atomic<bool> returned = false;
    log.in_callback([&] { EXPECT_TRUE(returned); });
    in_iteration([&] {
        work_async<void>(log.call(nullptr, cancellable), [&]() -> task<> {
            co_await to_thread([&] {
                began.set_value();
                may_return.get_future().wait();
                returned = true;
            });
        });
    });
    began.get_future().wait();
    g_cancellable_cancel(cancellable);
    context.iterate_while_ready();
    EXPECT_EQ(log.calls(), 0);
    may_return.set_value();
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_FALSE(work<void>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
}

TEST_F(produce, never_calls_back_out_of_a_handler_of_the_cancellable) {
    for (const bool in_iterations : {true, false}) {
        callback_log log;
        const auto cancellable = new_cancellable();
        work_async<void>(log.call(nullptr, cancellable), wait_for_ever);
        context.iterate_while_ready();
        const auto cancel = [&] {
            g_cancellable_cancel(cancellable);
            EXPECT_EQ(log.calls(), 0);
        };
        if (in_iterations)
            in_iteration(cancel);
        else
            cancel();
        iterate_until_called_back(log);
    }
}

TEST_F(produce, may_end_in_a_handler_of_the_cancellable) {
    // By a source that is called back in as well as by one that is too early for it.
    for (const int priority : {G_PRIORITY_DEFAULT, G_PRIORITY_HIGH}) {
        callback_log log;
        const auto cancellable = new_cancellable();
        std::coroutine_handle<> waiting;
        struct by_hand {
            std::coroutine_handle<>& to;
            bool await_ready() const { return false; }
            void await_suspend(std::coroutine_handle<> awaiting) const { to = awaiting; }
            void await_resume() const {}
        };
        const auto wait = [&]() -> task<> { co_await by_hand{waiting}; };
        // Connected first, and so called first.
        g_cancellable_connect(cancellable, G_CALLBACK(+[](GCancellable*, gpointer suspended) {
                                  static_cast<std::coroutine_handle<>*>(suspended)->resume();
                              }),
                              &waiting, nullptr);
        work_async<void>(log.call(nullptr, cancellable),
                         [&]() -> task<> { co_await with_timeout(1h, wait()); });
        context.iterate_while_ready();
        in_iteration(
            [&] {
                g_cancellable_cancel(cancellable);
                EXPECT_EQ(log.calls(), 0);
            },
            priority);
        iterate_until_called_back(log);
    }
}

TEST_F(produce, is_cancelled_from_another_thread) {
    callback_log log;
    const auto cancellable = new_cancellable();
    work_async<void>(log.call(nullptr, cancellable), wait_for_ever);
    context.iterate_while_ready();
    std::thread([&] { g_cancellable_cancel(cancellable); }).join();
    iterate_until_called_back(log);
    EXPECT_EQ(log.thread(), std::this_thread::get_id());
    EXPECT_FALSE(work<void>::finish(nullptr, log.result(), nullptr));
}

TEST_F(produce, is_not_cancelled_when_another_call_is) {
    callback_log first;
    callback_log second;
    const auto cancellable = new_cancellable();
    work_async<void>(first.call(nullptr, cancellable), wait_for_ever);
    work_async<int>(second.call(nullptr, new_cancellable()), [] { return give(5, 20); });
    g_cancellable_cancel(cancellable);
    iterate_until_called_back(first);
    iterate_until_called_back(second);
    EXPECT_EQ(work<int>::finish(nullptr, second.result(), nullptr), 5);
}

TEST_F(produce, does_not_cancel_the_callers_cancellable) {
    callback_log log;
    const auto cancellable = new_cancellable();
    work_async<void>(log.call(nullptr, cancellable), []() -> task<> {
        co_await yield();
        throw cancelled();
    });
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_FALSE(work<void>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
    EXPECT_FALSE(g_cancellable_is_cancelled(cancellable));
}

TEST_F(produce, lets_go_of_the_cancellable) {
    auto cancellable = new_cancellable();
    weak_ref<GCancellable> watch(cancellable);
    callback_log log;
    work_async<int>(log.call(nullptr, cancellable), [] { return give(1); });
    cancellable = nullptr;
    EXPECT_TRUE(watch.lock());
    iterate_until_called_back(log);
    log.forget();
    EXPECT_FALSE(watch.lock());
}

TEST_F(produce, may_use_a_cancellable_again_after_a_reset) {
    const auto cancellable = new_cancellable();
    for (int time = 0; time < 3; ++time) {
        callback_log log;
        work_async<void>(log.call(nullptr, cancellable), wait_for_ever);
        context.iterate_while_ready();
        g_cancellable_cancel(cancellable);
        iterate_until_called_back(log);
        g_cancellable_reset(cancellable);
    }
}

// What comes of a value and a cancellation: when that came, and whether the task minds it.

namespace {

enum class cancel_when { never, before_the_call, while_it_runs, before_finish };

struct check_case {
    cancel_when when;
    bool check;
    bool ends_at_once;
};

/// Without it gtest would print the bytes, the ones between the members too.
void PrintTo(const check_case& of, std::ostream* out) {
    *out << static_cast<int>(of.when) << of.check << of.ends_at_once;
}

} // namespace

class produce_and_check : public produce, public testing::WithParamInterface<check_case> {};

TEST_P(produce_and_check, lets_a_cancellation_hide_a_value_only_if_it_is_to_be_checked) {
    const auto [when, check, ends_at_once] = GetParam();
    const auto cancellable = new_cancellable();
    callback_log log;
    auto call = log.call(nullptr, cancellable);
    call.check_cancellable = check;
    if (when == cancel_when::before_the_call)
        g_cancellable_cancel(cancellable);
    int begun = 0;
    in_iteration([&] {
        work_async<int>(call, [&, at_once = ends_at_once]() -> task<int> {
            ++begun;
            if (!at_once)
                static_cast<void>(co_await as_result(give(1, 3))); // does not mind
            co_return 5;
        });
    });
    if (when == cancel_when::while_it_runs)
        g_cancellable_cancel(cancellable);
    iterate_until_called_back(log);
    if (when == cancel_when::before_finish)
        g_cancellable_cancel(cancellable);
    EXPECT_EQ(g_task_get_check_cancellable(log.task()), check);
    EXPECT_EQ(begun, when == cancel_when::before_the_call && check ? 0 : 1);
    failure_slot failure;
    const int value = work<int>::finish(nullptr, log.result(), failure);
    if (when == cancel_when::never || !check) {
        EXPECT_EQ(value, 5);
        EXPECT_FALSE(failure.set());
    } else {
        EXPECT_EQ(value, -1);
        EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
    }
}

INSTANTIATE_TEST_SUITE_P(all, produce_and_check, testing::ValuesIn([] {
                             std::vector<check_case> cases;
                             for (const auto when :
                                  {cancel_when::never, cancel_when::before_the_call,
                                   cancel_when::while_it_runs, cancel_when::before_finish})
                                 for (const bool check : {true, false})
                                     for (const bool at_once : {true, false})
                                         cases.push_back({when, check, at_once});
                             return cases;
                         }()));

// Objects, threads, contexts -------------------------------------------------------

TEST_F(produce, keeps_the_source_object_until_the_body_has_ended) {
    callback_log log;
    auto source = new_object();
    weak_ref<GObject> watch(source);
    const auto cancellable = new_cancellable();
    work_async<void>(log.call(source, cancellable), wait_for_ever);
    source = nullptr;
    context.iterate_while_ready();
    EXPECT_TRUE(watch.lock());
    g_cancellable_cancel(cancellable);
    iterate_until_called_back(log);
    log.forget();
    EXPECT_FALSE(watch.lock());
}

TEST_F(produce, keeps_the_context_until_the_body_has_ended) {
    bool context_is_gone = false; // which the result may keep, and the log that
    callback_log log;
    const auto cancellable = new_cancellable();
    auto abandoned = ref<GMainContext>::adopt(g_main_context_new());
    g_main_context_push_thread_default(abandoned);
    work_async<void>(log.call(nullptr, cancellable), wait_for_ever);
    g_main_context_pop_thread_default(abandoned);
    while (g_main_context_iteration(abandoned, FALSE)) {
    }
    // Is destroyed with the context.
    const auto source = ref<GSource>::adopt(g_idle_source_new());
    g_source_set_callback(
        source, [](gpointer) -> gboolean { return G_SOURCE_REMOVE; }, &context_is_gone,
        [](gpointer gone) { *static_cast<bool*>(gone) = true; });
    g_source_attach(source, abandoned);
    GMainContext* const kept = abandoned;
    abandoned = nullptr;
    ASSERT_FALSE(context_is_gone);
    g_cancellable_cancel(cancellable);
    EXPECT_TRUE(test::block_until(kept, [&] { return log.calls() > 0; }));
}

TEST_F(produce, uses_the_default_context_when_called_from_a_thread_without_one) {
    callback_log log;
    std::thread::id ran;
    std::thread([&] {
        work_async<void>(log.call(), [&]() -> task<> {
            ran = std::this_thread::get_id();
            co_return;
        });
    }).join();
    EXPECT_TRUE(test::block_until(g_main_context_default(), [&] { return log.calls() > 0; }));
    EXPECT_EQ(ran, std::this_thread::get_id());
    EXPECT_EQ(log.thread(), std::this_thread::get_id());
}

TEST_F(produce, calls_back_when_somebody_iterates_the_context_of_a_thread_that_is_gone) {
    callback_log log;
    const auto abandoned = ref<GMainContext>::adopt(g_main_context_new());
    std::thread([&] {
        g_main_context_push_thread_default(abandoned);
        work_async<int>(log.call(), [] { return give(5); });
        g_main_context_pop_thread_default(abandoned);
    }).join();
    EXPECT_EQ(log.calls(), 0);
    EXPECT_TRUE(test::block_until(abandoned, [&] { return log.calls() > 0; }));
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), nullptr), 5);
}

TEST_F(produce, warns_and_leaks_nothing_when_nobody_ever_iterates_the_context) {
    callback_log log;
    auto source = new_object();
    auto cancellable = new_cancellable();
    weak_ref<GObject> source_watch(source);
    weak_ref<GCancellable> cancellable_watch(cancellable);
    std::atomic<int> live{0};
    auto abandoned = ref<GMainContext>::adopt(g_main_context_new());
    g_main_context_push_thread_default(abandoned);
    work<int>::start(log.call(source, cancellable), hold(counted(live)));
    g_main_context_pop_thread_default(abandoned);
    source = nullptr;
    cancellable = nullptr;
    EXPECT_EQ(live, 1);
    expect_critical(nullptr, "*context*destroyed*", [&] { abandoned = nullptr; });
    EXPECT_EQ(log.calls(), 0);
    EXPECT_EQ(live, 0);
    EXPECT_FALSE(source_watch.lock());
    EXPECT_FALSE(cancellable_watch.lock());
}

TEST_F(produce, is_called_from_many_threads_at_once) {
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number)
        threads.emplace_back([&, number] {
            const own_context own;
            for (int i = 0; i < 100; ++i) {
                callback_log log;
                work_async<int>(log.call(), [=] { return give(int(number), i % 3); });
                if (own.iterate_until([&] { return log.calls() == 1; }) &&
                    work<int>::finish(nullptr, log.result(), nullptr) == number)
                    ++right;
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(right, 400);
}
