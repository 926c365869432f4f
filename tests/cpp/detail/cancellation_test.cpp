#include "gawait/detail/cancellation.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/cancellation_root.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_cancellable.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/late_operation.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>

using namespace gawait;
using namespace gawait::detail;
using namespace std::chrono_literals;
using gawait::test::filler;
using gawait::test::loop_thread;
using gawait::test::own_context;

namespace {

/// An operation whose buffer is on this coroutine's frame.
task<std::string> fill(filler& how) {
    std::array<char, 64> buffer{};
    const auto filled = co_await async(test::fill_async, test::fill_finish, &how, buffer.data(),
                                       gsize(buffer.size()));
    EXPECT_GT(how.ended.load(), 0);
    co_return std::string(buffer.data(), std::size_t(filled));
}

/// A suspension that another thread ends.
class outside_wait : suspension {
public:
    explicit outside_wait(std::atomic<outside_wait*>& place) noexcept
        : suspension(another_thread), place_(place) {}

    using suspension::finish_soon;

    bool await_ready() const noexcept { return false; }

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        if (!begin(awaiting))
            return false;
        place_.store(this, std::memory_order_release);
        return true;
    }

    /// @return whether it was withdrawn.
    void await_resume() const { throw_if_cancelled(); }

private:
    bool withdraw() noexcept override {
        outside_wait* self = this;
        return place_.compare_exchange_strong(self, nullptr);
    }

    static constexpr kind another_thread{role::wait, "another thread"};

    std::atomic<outside_wait*>& place_;
};

/// A suspension that finds, when it has begun, that there is no need to wait.
class needless_wait : suspension {
public:
    explicit needless_wait(std::function<void()> meanwhile)
        : suspension(nothing), meanwhile_(std::move(meanwhile)) {}

    bool await_ready() const noexcept { return false; }

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        if (!begin(awaiting))
            return false;
        meanwhile_();
        return !abandon();
    }

    void await_resume() const { throw_if_cancelled(); }

private:
    bool withdraw() noexcept override { return false; }

    static constexpr kind nothing{role::wait, "nothing"};

    std::function<void()> meanwhile_;
};

class notifier : public cancellation::waiter {
public:
    notifier() noexcept : waiter([](job& self) noexcept { ++static_cast<notifier&>(self).told; }) {}
    int told = 0;
};

} // namespace

TEST(cancellation, may_have_its_cancellable_from_elsewhere) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    cancellation root(source.get());
    EXPECT_EQ(root.cancellable(), source.get());
    EXPECT_FALSE(root.requested());
    g_cancellable_cancel(source);
    EXPECT_TRUE(root.requested());
    cancellation below(&root);
    EXPECT_TRUE(below.requested());
    EXPECT_TRUE(g_cancellable_is_cancelled(below.cancellable()));
}

TEST(cancellation, tells_all_below_when_a_cancellable_from_elsewhere_is_cancelled) {
    const own_context context;
    const auto home = engine::get();
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    cancellation root(source.get());
    notifier waiting;
    EXPECT_TRUE(root.add(waiting, *home));
    cancellation below(&root);
    GCancellable* const made = below.cancellable();
    EXPECT_NE(made, source.get());
    g_cancellable_cancel(source);
    EXPECT_TRUE(below.requested());
    EXPECT_TRUE(g_cancellable_is_cancelled(made));
    context.iterate_while_ready();
    EXPECT_EQ(waiting.told, 1);
    notifier late;
    EXPECT_FALSE(root.add(late, *home));
}

TEST(cancellation, connects_to_a_cancellable_from_elsewhere_only_while_it_needs_to) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    const auto connected = [&] {
        const guint signal = g_signal_lookup("cancelled", G_TYPE_CANCELLABLE);
        return g_signal_has_handler_pending(source, signal, 0, TRUE) != FALSE;
    };
    {
        cancellation root(source.get());
        root.cancellable();
        EXPECT_FALSE(connected());
        const cancellation below(&root);
        EXPECT_TRUE(connected());
    }
    EXPECT_FALSE(connected());
}

TEST(cancellation, does_not_cancel_a_cancellable_from_elsewhere) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    cancellation root(source.get());
    cancellation below(&root);
    root.request();
    EXPECT_TRUE(below.requested());
    EXPECT_FALSE(g_cancellable_is_cancelled(source));
}

TEST(cancellation, reaches_nodes_deeper_than_any_stack) {
    cancellation root;
    std::list<cancellation> chain;
    cancellation* deepest = &root;
    for (int level = 0; level < 1'000'000; ++level)
        deepest = &chain.emplace_back(deepest);
    root.request();
    EXPECT_TRUE(deepest->requested());
    while (!chain.empty()) // from below
        chain.pop_back();
}

TEST(cancellation, reaches_all_nodes_below_and_none_above) {
    cancellation top;
    cancellation middle(&top);
    cancellation bottom(&middle);
    cancellation beside(&top);
    middle.request();
    EXPECT_FALSE(top.requested());
    EXPECT_TRUE(middle.requested());
    EXPECT_TRUE(bottom.requested());
    EXPECT_FALSE(beside.requested());
}

TEST(cancellation, of_a_parent_holds_for_nodes_made_later) {
    cancellation top;
    top.request();
    const cancellation late(&top);
    EXPECT_TRUE(late.requested());
}

TEST(cancellation, asked_for_many_times_is_asked_for_once) {
    cancellation node;
    int signals = 0;
    g_signal_connect(
        node.cancellable(), "cancelled",
        G_CALLBACK(+[](GCancellable*, gpointer count) { ++*static_cast<int*>(count); }), &signals);
    node.request();
    node.request();
    EXPECT_EQ(signals, 1);
}

TEST(cancellation, cancels_the_g_cancellables_of_the_nodes_below) {
    cancellation top;
    cancellation bottom(&top);
    GCancellable* before = bottom.cancellable();
    EXPECT_FALSE(g_cancellable_is_cancelled(before));
    top.request();
    EXPECT_TRUE(g_cancellable_is_cancelled(before));
    EXPECT_TRUE(g_cancellable_is_cancelled(top.cancellable()));
}

TEST(cancellation, has_one_g_cancellable_a_node) {
    cancellation top;
    cancellation bottom(&top);
    EXPECT_EQ(top.cancellable(), top.cancellable());
    EXPECT_NE(top.cancellable(), bottom.cancellable());
}

TEST(cancellation, is_requested_by_cancelling_its_g_cancellable) {
    cancellation top;
    cancellation middle(&top);
    cancellation bottom(&middle);
    g_cancellable_cancel(middle.cancellable());
    EXPECT_FALSE(top.requested());
    EXPECT_TRUE(middle.requested());
    EXPECT_TRUE(bottom.requested());
    EXPECT_TRUE(g_cancellable_is_cancelled(bottom.cancellable()));
}

TEST(cancellation, lets_its_g_cancellable_outlive_it) {
    auto node = std::make_unique<cancellation>();
    const auto kept = ref<GCancellable>::retain(node->cancellable());
    node.reset();
    g_cancellable_cancel(kept);
    EXPECT_TRUE(g_cancellable_is_cancelled(kept));
}

TEST(cancellation, tells_a_waiter_through_its_engine_once) {
    const own_context context;
    const engine_ref home = engine::get();
    cancellation top;
    cancellation bottom(&top);
    notifier waiting;
    ASSERT_TRUE(bottom.add(waiting, *home));
    top.request();
    bottom.request();
    EXPECT_EQ(waiting.told, 0);
    context.iterate_while_ready();
    EXPECT_EQ(waiting.told, 1);
}

TEST(cancellation, takes_no_waiter_after_the_request) {
    const own_context context;
    const engine_ref home = engine::get();
    cancellation node;
    node.request();
    notifier late;
    EXPECT_FALSE(node.add(late, *home));
    context.iterate_while_ready();
    EXPECT_EQ(late.told, 0);
}

TEST(cancellation, does_not_tell_a_waiter_that_was_settled) {
    const own_context context;
    const engine_ref home = engine::get();
    cancellation node;
    notifier first;
    notifier second;
    notifier third;
    for (notifier* each : {&first, &second, &third})
        ASSERT_TRUE(node.add(*each, *home));
    bool was_linked = false;
    node.settle(second, [&](bool linked) { was_linked = linked; });
    EXPECT_TRUE(was_linked);
    node.request();
    node.settle(first, [&](bool linked) { was_linked = linked; });
    EXPECT_FALSE(was_linked);
    context.iterate_while_ready();
    EXPECT_EQ(first.told, 1);
    EXPECT_EQ(second.told, 0);
    EXPECT_EQ(third.told, 1);
}

TEST(cancellation, resumes_no_coroutine_before_the_request_returns) {
    run([]() -> task<> {
        bool ended = false;
        const auto body = [&]() -> task<> {
            (void)co_await as_result(sleep_for(1h));
            ended = true;
        };
        const auto handle = spawn(body());
        co_await yield();
        handle.cancel();
        EXPECT_FALSE(ended);
        co_await handle;
        EXPECT_TRUE(ended);
    }());
}

TEST(cancellation, reaches_the_tasks_that_a_task_awaits) {
    run([]() -> task<> {
        const auto inner = []() -> task<> { co_await sleep_for(1h); };
        const auto middle = [&]() -> task<> { co_await inner(); };
        const auto outer = [&]() -> task<> { co_await middle(); };
        const auto handle = spawn(outer());
        co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST(cancellation, cannot_be_taken_back_and_ends_every_later_await) {
    run([]() -> task<> {
        const auto body = []() -> task<int> {
            int refused = 0;
            for (int i = 0; i < 3; ++i) {
                const auto slept = co_await as_result(sleep_for(1h));
                refused += slept.was_cancelled();
                const auto yielded = co_await as_result(yield());
                refused += yielded.was_cancelled();
            }
            co_return refused;
        };
        const auto handle = spawn(body());
        co_await yield();
        handle.cancel();
        const int refused = co_await handle;
        EXPECT_EQ(refused, 6);
    }());
}

TEST(cancelled_operation, is_awaited_until_it_has_ended) {
    filler how{.late = 30ms};
    run([&]() -> task<> {
        const auto handle = spawn(fill(how));
        while (how.begun == 0)
            co_await yield();
        handle.cancel();
        co_await yield();
        EXPECT_FALSE(handle.done());
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(how.ended, 1);
    }());
}

TEST(cancelled_operation, is_awaited_until_it_has_ended_when_another_thread_cancels) {
    filler how{.late = 10ms};
    run([&]() -> task<> {
        const auto handle = spawn(fill(how));
        while (how.begun == 0)
            co_await yield();
        std::thread([&] { handle.cancel(); }).join();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(how.ended, 1);
    }());
}

TEST(cancelled_operation, is_never_begun_when_the_task_was_cancelled_before) {
    filler how;
    run([&]() -> task<> {
        const auto body = [&]() -> task<std::string> {
            g_cancellable_cancel(co_await current_cancellable());
            co_return co_await fill(how);
        };
        const auto outcome = co_await as_result(spawn(body()));
        EXPECT_TRUE(outcome.was_cancelled());
    }());
    EXPECT_EQ(how.begun, 0);
}

TEST(cancelled_operation, gives_the_result_that_it_came_to_and_the_next_await_throws) {
    filler how{.stubborn = true};
    run([&]() -> task<> {
        const auto body = [&]() -> task<std::string> {
            std::string filled = co_await fill(how);
            const auto next = co_await as_result(sleep_for(1h));
            EXPECT_TRUE(next.was_cancelled());
            co_return filled;
        };
        const auto handle = spawn(body());
        while (how.begun == 0)
            co_await yield();
        handle.cancel();
        const std::string filled = co_await handle;
        EXPECT_EQ(filled, std::string(64, 'x'));
    }());
}

TEST(cancelled_operation, of_a_child_is_awaited_by_everything_above_it) {
    filler first{.late = 20ms};
    filler second{.late = 10ms};
    run([&]() -> task<> {
        const auto body = [&]() -> task<> {
            co_await with_timeout(1h, when_all(fill(first), fill(second)));
        };
        const auto handle = spawn(body());
        while (first.begun + second.begun < 2)
            co_await yield();
        handle.cancel();
        const auto outcome = co_await as_result(handle);
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_EQ(first.ended + second.ended, 2);
    }());
}

TEST(cancelled_operation, racing_with_its_completion_ends_one_way_or_the_other) {
    std::mt19937 random(20241);
    int values = 0;
    int cancellations = 0;
    const loop_thread canceller;
    run([&]() -> task<> {
        for (int i = 0; i < 300; ++i) {
            filler how{.length = std::chrono::milliseconds(random() % 3)};
            const auto handle = spawn(fill(how));
            const auto cancel_after = [&](std::chrono::microseconds wait) -> task<> {
                co_await sleep_for(wait);
                handle.cancel();
            };
            const auto wait = std::chrono::microseconds(random() % 2500);
            const auto cancelling = spawn_on(canceller.context(), cancel_after(wait));
            const auto outcome = co_await as_result(handle);
            EXPECT_FALSE(outcome.has_error());
            ++(outcome ? values : cancellations);
            EXPECT_EQ(how.begun, how.ended);
            co_await cancelling;
        }
    }());
    EXPECT_EQ(values + cancellations, 300);
}

TEST(suspension, ended_and_cancelled_by_other_threads_is_resumed_once) {
    std::mt19937 random(20242);
    std::atomic<outside_wait*> place{nullptr};
    std::atomic<bool> over{false};
    std::thread finisher([&] {
        while (!over)
            if (outside_wait* waiting = place.exchange(nullptr, std::memory_order_acq_rel))
                waiting->finish_soon();
            else
                std::this_thread::yield();
    });
    const loop_thread canceller;
    int finished = 0;
    int cancellations = 0;
    run([&]() -> task<> {
        for (int i = 0; i < 5000; ++i) {
            const auto body = [&]() -> task<> { co_await outside_wait(place); };
            const auto handle = spawn(body());
            const auto cancel = [&]() -> task<> {
                handle.cancel();
                co_return;
            };
            const auto cancelling = spawn_on(canceller.context(), cancel());
            for (auto rounds = random() % 3; rounds > 0; --rounds)
                co_await yield();
            const auto outcome = co_await as_result(handle);
            ++(outcome ? finished : cancellations);
            co_await cancelling;
            EXPECT_EQ(place.load(), nullptr);
        }
    }());
    over = true;
    finisher.join();
    EXPECT_EQ(finished + cancellations, 5000);
}

TEST(suspension, that_need_not_wait_goes_on_at_once) {
    run([]() -> task<> {
        int meanwhile = 0;
        co_await needless_wait([&] { ++meanwhile; });
        EXPECT_EQ(meanwhile, 1);
    }());
}

TEST(suspension, that_need_not_wait_but_is_cancelled_meanwhile_goes_on_once) {
    run([]() -> task<> {
        const auto body = []() -> task<int> {
            GCancellable* own = co_await current_cancellable();
            int resumed = 0;
            co_await needless_wait([&] { g_cancellable_cancel(own); });
            ++resumed;
            const auto next = co_await as_result(needless_wait([&] { ++resumed; }));
            EXPECT_TRUE(next.was_cancelled());
            co_return resumed;
        };
        const int resumed = co_await spawn(body());
        EXPECT_EQ(resumed, 1);
    }());
}

TEST(cancellable_link, requests_the_nodes_cancellation) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    cancellation node;
    const cancellable_link link(source, node);
    EXPECT_FALSE(node.requested());
    g_cancellable_cancel(source);
    EXPECT_TRUE(node.requested());
}

TEST(cancellable_link, to_what_is_cancelled_already_requests_at_once) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    g_cancellable_cancel(source);
    cancellation node;
    const cancellable_link link(source, node);
    EXPECT_TRUE(node.requested());
}

TEST(cancellable_link, to_null_does_nothing) {
    cancellation node;
    const cancellable_link link(nullptr, node);
    EXPECT_FALSE(node.requested());
}

TEST(cancellable_link, keeps_its_source_and_lets_go_of_it) {
    auto source = ref<GCancellable>::adopt(g_cancellable_new());
    weak_ref<GCancellable> watch(source);
    cancellation node;
    {
        const cancellable_link link(source, node);
        source = nullptr;
        EXPECT_TRUE(watch.lock());
    }
    EXPECT_FALSE(watch.lock());
}

TEST(cancellable_link, that_is_gone_requests_nothing) {
    const auto source = ref<GCancellable>::adopt(g_cancellable_new());
    cancellation node;
    {
        const cancellable_link link(source, node);
    }
    g_cancellable_cancel(source);
    EXPECT_FALSE(node.requested());
}

TEST(cancellation_root, is_requested_when_its_context_is_destroyed) {
    engine_ref home;
    std::unique_ptr<cancellation_root> root;
    {
        const own_context context;
        home = engine::get();
        root = std::make_unique<cancellation_root>(*home);
        EXPECT_FALSE(root->requested());
    }
    EXPECT_TRUE(root->requested());
}
