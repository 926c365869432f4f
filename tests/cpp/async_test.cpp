#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/spawn.hpp"

#include "support/async_library.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <type_traits>

namespace gawait::test {
namespace {

// What start and finish functions may look like -------------------------------------

TEST(async, each_argument_gets_to_its_parameter) {
    const library::reset reset;
    const auto object = new_object();
    const std::string text = "other";

    run(async(library::everything_async, library::everything_finish, object, 2, text.c_str(),
              G_PRIORITY_HIGH, 1.5));

    ASSERT_EQ(library::operations.size(), 1U);
    const auto& given = library::operations[0];
    EXPECT_EQ(given.source, object);
    EXPECT_EQ(given.number, 2);
    EXPECT_EQ(given.text, "other");
    EXPECT_EQ(given.priority, G_PRIORITY_HIGH);
    EXPECT_EQ(given.factor, 1.5);
}

/// A variant that floats, and that notes its end.
GVariant* new_variant(int& live) {
    ++live;
    return g_variant_new_from_data(
        G_VARIANT_TYPE_BYTE, "x", 1, TRUE, [](gpointer count) { --*static_cast<int*>(count); },
        &live);
}

task<> cancel_this_task() {
    const detail::environment& env = co_await detail::current_environment();
    env.cancel->request();
}

TEST(async, a_floating_variant_is_taken_over_by_the_start_function) {
    int live = 0;
    run(async(library::store_async, library::store_finish, new_object(), new_variant(live)));
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_the_task_is_cancelled_before_the_call) {
    int live = 0;
    const auto source = new_object();
    const auto body = [&]() -> task<> {
        co_await cancel_this_task();
        co_await async(library::store_async, library::store_finish, source, new_variant(live));
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_there_is_no_object_to_call_a_method_of) {
    int live = 0;
    GObject* const nothing = nullptr;
    EXPECT_TRUE(
        error_of(async(library::store_async, library::store_finish, nothing, new_variant(live)))
            .matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_the_operation_is_never_awaited) {
    int live = 0;
    const auto source = new_object();
    {
        const auto never_awaited =
            async(library::store_async, library::store_finish, source, new_variant(live));
        EXPECT_EQ(live, 1);
    }
    EXPECT_EQ(live, 0);
    {
        const own_context context;
        const auto waiting =
            spawn(async(library::store_async, library::store_finish, source, new_variant(live)));
        waiting.cancel();
        EXPECT_TRUE(context.iterate_until([&] { return waiting.done(); }));
        EXPECT_THROW(waiting.take(), cancelled);
    }
    EXPECT_EQ(live, 0);
}

TEST(async, a_variant_that_does_not_float_is_borrowed) {
    int live = 0;
    const auto value = adopt(g_variant_ref_sink(new_variant(live)));
    const auto source = new_object();
    run(async(library::store_async, library::store_finish, source, value));
    const auto body = [&]() -> task<> {
        co_await cancel_this_task();
        co_await async(library::store_async, library::store_finish, source, value);
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(live, 1);
}

int last_priority = -1;

/// As the methods of `GFile` are.
void note_priority_async(GFile* file, int priority, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer data) {
    last_priority = priority;
    const auto task = adopt(g_task_new(file, cancellable, callback, data));
    g_task_return_boolean(task, TRUE);
}

gboolean note_priority_finish(GFile* /*file*/, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

TEST(async, the_priority_of_a_file_is_the_default_one_unless_given) {
    const auto file = adopt(g_file_new_for_path("/"));
    run(async(note_priority_async, note_priority_finish, file, G_PRIORITY_HIGH));
    EXPECT_EQ(last_priority, G_PRIORITY_HIGH);
    run(async(note_priority_async, note_priority_finish, file));
    EXPECT_EQ(last_priority, G_PRIORITY_DEFAULT);
}

TEST(async, neither_object_nor_cancellable_nor_error_is_needed) {
    EXPECT_EQ(run(plain(library::plain_finish)), 3);
}

TEST(async, a_finish_function_may_return_nothing) {
    const library::reset reset;
    run(plain(library::void_finish));
    EXPECT_EQ(library::finished, 3);

    const auto [number, text] = run(plain(library::void_out_finish));
    EXPECT_EQ(number, 3);
    EXPECT_STREQ(text.get(), "text");

    EXPECT_TRUE(error_of(plain(library::void_error_finish)).matches(G_IO_ERROR_BUSY));
}

TEST(async, what_the_caller_is_given_to_own_is_owned) {
    auto values = run(plain(library::values_finish));

    static_assert(
        std::is_same_v<decltype(values), std::tuple<ref<GObject>, const char*, unique_strv,
                                                    unique_g_ptr<gint64>, ref<GVariant>>>);
    const auto& [object, borrowed, strings, numbers, variant] = values;
    EXPECT_EQ(object->ref_count, 1U);
    EXPECT_STREQ(borrowed, "borrowed");
    EXPECT_STREQ(strings.get()[1], "b");
    EXPECT_EQ(numbers.get()[1], 1);
    EXPECT_EQ(g_variant_get_int32(variant), 5);
}

TEST(async, a_result_type_may_be_constructed_of_all_values) {
    struct objects {
        objects(GList* owned, int owned_length) noexcept : all(owned), length(owned_length) {}
        list<GObject> all;
        int length;
    };

    const auto result = run(async<objects>(library::plain_async, library::list_out_finish, 0));

    EXPECT_EQ(result.length, 2);
    EXPECT_EQ(result.all.size(), 2U);
}

TEST(async, false_without_an_error_is_a_failure_beside_out_arguments) {
    EXPECT_TRUE(error_of(plain(library::false_out_finish)).matches(G_IO_ERROR_FAILED));
    EXPECT_TRUE(
        error_of(plain(library::false_without_error_out_finish)).matches(G_IO_ERROR_FAILED));
}

TEST(async, false_without_an_error_is_a_failure_where_no_value_is_wanted) {
    EXPECT_TRUE(error_of(async<void>(library::plain_async, library::false_finish, 0))
                    .matches(G_IO_ERROR_FAILED));
}

TEST(async, false_without_an_error_is_a_value_by_itself) {
    EXPECT_FALSE(run(plain(library::false_finish)));
}

TEST(async, operations_older_than_gtask_are_awaited) {
    const auto object = new_object();

    EXPECT_EQ(run(async(library::old_async, library::simple_finish, object, 5)), 5);
    EXPECT_TRUE(error_of(async(library::old_async, library::simple_finish, object, -5))
                    .matches(G_IO_ERROR_INVALID_DATA));
}

// Bad objects -----------------------------------------------------------------------

TEST(async, a_method_of_null_is_an_invalid_argument) {
    const auto failure_with = [](auto file) {
        return error_of(async(g_file_read_async, g_file_read_finish, file));
    };

    EXPECT_TRUE(failure_with(nullptr).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(failure_with(ref<GFile>()).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(run(as_result(async(g_file_read_async, g_file_read_finish, nullptr)))
                    .error()
                    .matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST(async, a_method_of_a_finalised_object_is_an_invalid_argument) {
    const library::reset reset;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto number = [&] {
        return async(library::number_async, library::number_finish, weak.lock(), 6);
    };
    EXPECT_EQ(run(async(library::number_async, library::number_finish, weak.lock(), 6)), 6);

    object = nullptr;

    EXPECT_TRUE(error_of(number()).matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST(async, the_object_lives_until_the_operation_has_ended) {
    const library::reset reset;
    const own_context context;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto answer = spawn(async(library::held_async, library::held_finish, object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    object = nullptr;
    EXPECT_TRUE(weak.lock());
    g_task_return_int(library::take_last(), 8);
    context.iterate_while_ready();

    EXPECT_EQ(answer.take(), 8);
    EXPECT_FALSE(weak.lock());
}

TEST(async, the_object_lives_until_a_cancelled_operation_has_ended) {
    const library::reset reset;
    const own_context context;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto await = [](GObject* source) -> task<int> {
        co_return co_await async(library::held_async, library::held_finish, source);
    };
    const auto answer = spawn(await(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    object = nullptr;
    answer.cancel();
    context.iterate_while_ready();
    EXPECT_FALSE(answer.done()); // the library takes its time
    g_task_return_int(library::take_last(), 8);
    context.iterate_while_ready();

    EXPECT_THROW(answer.take(), cancelled);
    EXPECT_EQ(library::finished, 1);
    EXPECT_FALSE(weak.lock());
}

} // namespace
} // namespace gawait::test
