#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_cancellable.hpp"

#include "support/async_library.hpp"
#include "support/late_operation.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

// Cancellation ----------------------------------------------------------------------

TEST(async, nothing_is_begun_in_a_cancelled_task) {
    const library::reset reset;
    const auto object = new_object();
    const auto gone = adopt(g_cancellable_new());
    g_cancellable_cancel(gone);

    EXPECT_THROW(
        run(with_cancellable(gone, async(library::held_async, library::held_finish, object))),
        cancelled);
    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(library::finished, 0);
}

TEST(async, what_was_achieved_in_spite_of_the_cancellation_is_returned) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto answer = spawn(async(library::held_async, library::held_finish, object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    const auto operation = library::take_last();
    g_task_set_check_cancellable(operation, FALSE);
    answer.cancel();
    g_task_return_int(operation, 9);
    context.iterate_while_ready();

    EXPECT_EQ(answer.take(), 9);
}

TEST(async, an_error_of_another_kind_is_not_taken_for_the_cancellation) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto answer = spawn(as_result(async(library::held_async, library::held_finish, object)));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    const auto operation = library::take_last();
    g_task_set_check_cancellable(operation, FALSE);
    answer.cancel();
    g_task_return_new_error(operation, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
    context.iterate_while_ready();

    EXPECT_TRUE(answer.take().error().matches(G_IO_ERROR_BUSY));
}

TEST(async, a_cancellation_that_is_not_the_task_s_is_an_error) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");
    const auto other = adopt(g_cancellable_new());
    g_cancellable_cancel(other);
    const auto start = [&](GCancellable*, GAsyncReadyCallback callback, gpointer data) {
        g_file_load_contents_async(file, other, callback, data);
    };

    EXPECT_TRUE(error_of(async(start, g_file_load_contents_finish)).matches(G_IO_ERROR_CANCELLED));
}

TEST(async, as_result_tells_of_a_cancellation) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto await = [](GObject* source) -> task<bool> {
        const auto outcome =
            co_await as_result(async(library::held_async, library::held_finish, source));
        co_return outcome.was_cancelled();
    };
    const auto answer = spawn(await(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    answer.cancel();
    g_task_return_int(library::take_last(), 0);
    context.iterate_while_ready();

    EXPECT_TRUE(answer.take());
}

// Nobody waits any more ---------------------------------------------------------------

TEST(async, what_is_not_awaited_is_not_begun) {
    const library::reset reset;
    const auto object = new_object();
    const auto await = [](GObject* source) -> task<int> {
        co_return co_await async(library::held_async, library::held_finish, source);
    };

    static_cast<void>(async(library::held_async, library::held_finish, object));
    static_cast<void>(await(object));

    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(object->ref_count, 1U);
}

/// Counts the live coroutines that hold one.
class live_mark {
public:
    explicit live_mark(int& count) : count_(count) { ++count_; }
    live_mark(const live_mark&) = delete;
    live_mark& operator=(const live_mark&) = delete;
    ~live_mark() { --count_; }

private:
    int& count_;
};

TEST(async, a_detached_task_keeps_its_buffer_until_the_operation_has_ended) {
    const own_context context;
    int live = 0;
    filler how{.length = 1ms};
    const auto fill = [](filler* with, int& count) -> task<> {
        const live_mark mark(count);
        std::array<char, 1000> buffer{};
        co_await async(fill_async, fill_finish, with, buffer.data(), buffer.size());
        EXPECT_EQ(buffer.back(), 'x');
    };

    static_cast<void>(spawn(fill(&how, live)));
    context.iterate_while_ready();
    EXPECT_EQ(live, 1);

    EXPECT_TRUE(context.iterate_until([&] { return live == 0; }));
    EXPECT_EQ(how.ended, 1);
}

TEST(async, a_cancelled_and_detached_task_keeps_its_buffer_until_the_operation_has_ended) {
    const own_context context;
    int live = 0;
    filler how{.late = 5ms};
    const auto fill = [](filler* with, int& count) -> task<> {
        const live_mark mark(count);
        std::array<char, 1000> buffer{};
        co_await async(fill_async, fill_finish, with, buffer.data(), buffer.size());
        ADD_FAILURE() << "it was not cancelled";
    };
    {
        const auto ended = spawn(fill(&how, live));
        context.iterate_while_ready();
        ended.cancel();
    }
    EXPECT_EQ(live, 1);

    EXPECT_TRUE(context.iterate_until([&] { return live == 0; }));
    EXPECT_EQ(how.ended, 1);
}

TEST(async, an_operation_keeps_the_context_that_its_task_runs_on) {
    const library::reset reset;
    int live = 0;
    const auto object = new_object();
    const auto await = [](GObject* source, int& count) -> task<> {
        const live_mark mark(count);
        co_await async(library::held_async, library::held_finish, source);
    };
    {
        const own_context context;
        static_cast<void>(spawn(await(object, live)));
        context.iterate_while_ready();
    }
    ASSERT_EQ(library::operations.size(), 1U);
    EXPECT_EQ(live, 1);

    // GLib calls back there and nowhere else, so somebody has to iterate it.
    const auto operation = library::take_last();
    const auto context = ref<GMainContext>::retain(g_task_get_context(operation));
    g_task_return_int(operation, 1);
    while (g_main_context_iteration(context, FALSE)) {
    }

    EXPECT_EQ(live, 0);
    EXPECT_EQ(library::finished, 1);
}

TEST(async, a_context_destroyed_under_an_operation_cancels_it) {
    int live = 0;
    const auto await = [](int& count) -> task<> {
        const live_mark mark(count);
        EXPECT_TRUE(
            (co_await as_result(async(library::contextless_async, library::contextless_finish)))
                .was_cancelled());
    };
    {
        const own_context context;
        static_cast<void>(spawn(await(live)));
        context.iterate_while_ready();
        EXPECT_EQ(live, 1);
    }

    EXPECT_EQ(live, 0);
}

TEST(async, a_start_function_that_throws_begins_nothing) {
    const auto start = [](GCancellable*, GAsyncReadyCallback, gpointer) {
        throw error(G_IO_ERROR_NOT_SUPPORTED, "not here");
    };

    EXPECT_TRUE(error_of(async(start, library::plain_finish)).matches(G_IO_ERROR_NOT_SUPPORTED));
}

} // namespace
} // namespace gawait::test
