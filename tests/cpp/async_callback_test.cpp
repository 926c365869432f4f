#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/spawn.hpp"

#include "support/async_library.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"
#include "support/thread_allocations.hpp"

#include <gtest/gtest.h>

namespace gawait::test {
namespace {

// The callback ----------------------------------------------------------------------

TEST(async, the_coroutine_is_resumed_once_in_a_later_iteration) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    int resumed = 0;
    const auto await = [](GObject* source, int& count) -> task<int> {
        const int value = co_await async(library::held_async, library::held_finish, source);
        ++count;
        co_return value;
    };
    const auto answer = spawn(await(object, resumed));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    g_task_return_int(library::take_last(), 4);
    EXPECT_EQ(resumed, 0);
    context.iterate_while_ready();

    EXPECT_EQ(resumed, 1);
    EXPECT_EQ(library::finished, 1);
    EXPECT_EQ(answer.take(), 4);
}

TEST(async, operations_belong_to_the_home_context_though_it_is_not_the_thread_default) {
    const library::reset reset;
    const auto context = adopt(g_main_context_new());
    const auto object = new_object();
    const auto iterate = [&] {
        while (g_main_context_iteration(context, FALSE)) {
        }
    };
    const auto await_twice = [](GObject* source) -> task<int> {
        const int first = co_await async(library::held_async, library::held_finish, source);
        co_return first + co_await async(library::held_async, library::held_finish, source);
    };
    const auto sum = spawn_on(context, await_twice(object));

    for (int number = 1; number <= 2; ++number) {
        iterate();
        ASSERT_EQ(library::operations.size(), 1U);
        const auto operation = library::take_last();
        EXPECT_EQ(g_task_get_context(operation), context);
        g_task_return_int(operation, number);
        while (g_main_context_iteration(nullptr, FALSE)) {
        }
        EXPECT_EQ(library::finished, number - 1);
    }
    iterate();

    EXPECT_EQ(sum.take(), 3);
}

TEST(async, what_a_coroutine_spawns_after_an_await_runs_on_its_home_context) {
    const auto context = adopt(g_main_context_new());
    const auto object = new_object();
    const auto say = [](bool& said) -> task<> {
        said = true;
        co_return;
    };
    const auto await_then_spawn = [](GObject* source, auto says, bool& said) -> task<> {
        co_await async(library::number_async, library::number_finish, source, 1);
        static_cast<void>(spawn(says(said)));
    };
    bool said = false;
    const auto ended = spawn_on(context, await_then_spawn(object, say, said));

    while (g_main_context_iteration(context, FALSE)) {
    }

    EXPECT_TRUE(ended.done());
    EXPECT_TRUE(said);
}

TEST(async, a_library_may_call_back_before_the_start_function_returns) {
    const library::reset reset;
    const auto object = new_object();
    const auto sum = [](GObject* source) -> task<gssize> {
        gssize total = 0;
        for (int number = 0; number < 100'000; ++number)
            total += co_await async(library::hasty_async, library::simple_finish, source, 1);
        co_return total;
    };

    EXPECT_EQ(run(sum(object)), 100'000);
    EXPECT_EQ(library::finished, 100'000);
    EXPECT_TRUE(error_of(async(library::hasty_async, library::simple_finish, object, -1))
                    .matches(G_IO_ERROR_INVALID_DATA));
    EXPECT_EQ(object->ref_count, 1U);
}

TEST(async, a_library_may_call_back_from_inside_the_cancelled_handler) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto ended = spawn(async(library::until_cancelled_async, library::simple_finish, object));
    context.iterate_while_ready();
    EXPECT_FALSE(ended.done());

    ended.cancel();
    EXPECT_FALSE(ended.done());
    context.iterate_while_ready();

    EXPECT_THROW(ended.take(), cancelled);
    EXPECT_EQ(library::finished, 1);
}

TEST(async, an_operation_awaited_again_begins_again) {
    const library::reset reset;
    const auto object = new_object();
    const auto sum = [](GObject* source) -> task<gssize> {
        auto hasty = async(library::hasty_async, library::simple_finish, source, 1);
        auto old = async(library::old_async, library::simple_finish, source, 10);
        gssize total = 0;
        for (int round = 0; round < 3; ++round) {
            total += co_await hasty;
            total += co_await old;
        }
        co_return total;
    };

    EXPECT_EQ(run(sum(object)), 33);
    EXPECT_EQ(library::finished, 6);
    EXPECT_EQ(object->ref_count, 1U);
}

TEST(async, an_operation_awaited_again_in_a_cancelled_task_begins_nothing) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto twice = [](GObject* source) -> task<> {
        auto operation = async(library::held_async, library::held_finish, source);
        co_await operation;
        (co_await detail::current_environment()).cancel->request();
        co_await operation;
    };
    const auto ended = spawn(twice(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    g_task_return_int(library::take_last(), 1);
    context.iterate_while_ready();

    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(library::finished, 1);
    EXPECT_THROW(ended.take(), cancelled);
}

TEST(async, nothing_is_allocated_per_operation_beyond_what_gio_does) {
    const auto object = new_object();
    // In both cases, since GLib's own tables depend on how many sources there are.
    const engine_ref home = engine::get();

    struct raw_chain {
        GObject* source;
        int left;
        ref<GCancellable> cancellable = adopt(g_cancellable_new());

        void next() {
            library::number_async(
                source, left, cancellable,
                [](GObject* from, GAsyncResult* result, gpointer data) {
                    auto& self = *static_cast<raw_chain*>(data);
                    self.left = library::number_finish(from, result, nullptr) - 1;
                    if (self.left > 0)
                        self.next();
                },
                this);
        }
    };
    const auto by_callbacks = [&](int length) {
        raw_chain chain{.source = object, .left = length};
        chain.next();
        while (chain.left > 0)
            g_main_context_iteration(nullptr, TRUE);
    };
    const auto chain = [](GObject* source, int left) -> task<> {
        while (left > 0)
            left = co_await async(library::number_async, library::number_finish, source, left) - 1;
    };
    const auto by_await = [&](int length) {
        const auto ended = spawn(chain(object, length));
        while (!ended.done())
            g_main_context_iteration(nullptr, TRUE);
    };
    // Of a thousand operations, without what the chain as such allocates.
    const auto allocations_of = [](const auto& work) {
        const auto count = [&](int length) {
            const allocation_counter counter;
            work(length);
            return counter.count();
        };
        count(1000); // what is allocated once
        const auto shorter = count(1000);
        return count(2000) - shorter;
    };

    const auto beside_gio = allocations_of(by_callbacks);

    EXPECT_GE(beside_gio, 1000U); // they are counted at all
    // GLib's own tables grow and shrink a little differently each time.
    EXPECT_LT(allocations_of(by_await), beside_gio + 500);
}

} // namespace
} // namespace gawait::test
