#include "gawait/async_result.hpp"

#include "gawait/async.hpp"
#include "gawait/run.hpp"
#include "support/counted.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

using namespace gawait;
using gawait::test::counted;
using gawait::test::expect_critical;

namespace {

ref<GObject> new_object() { return ref<GObject>::adopt(G_OBJECT(g_cancellable_new())); }

void ask_async() {}
void other_async() {}

// A class that implements the interface -------------------------------------------

class answer : public async_result_base {
public:
    static constexpr const char* type_name = "GawaitTestAnswer";

    answer(ref<GObject> source, gpointer data, int value) noexcept
        : source_(std::move(source)), data_(data), value_(value) {}

    ref<GObject> source_object() noexcept override { return source_; }
    gpointer user_data() noexcept override { return data_; }
    bool is_tagged(gpointer tag) noexcept override { return tag == source_tag(ask_async); }

    int value() const { return value_; }

private:
    ref<GObject> source_;
    gpointer data_;
    int value_;
};

class counted_answer : public answer {
public:
    static constexpr const char* type_name = "GawaitTestCountedAnswer";

    explicit counted_answer(std::atomic<int>& live) : answer(nullptr, nullptr, 0), counted_(live) {}

private:
    counted counted_;
};

int answer_finish(GAsyncResult* result, GError** failure) {
    if (const auto* made = async_result_cast<answer>(result))
        return made->value();
    g_set_error(failure, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "no answer");
    return 0;
}

/// Calls back with an `answer`, as the contract wants it.
void answer_async(GObject* source, int value, GAsyncReadyCallback callback, gpointer data) {
    struct call {
        ref<GAsyncResult> result;
        GAsyncReadyCallback callback;
    };
    auto made = std::make_unique<call>(
        call{new_async_result<answer>(ref<GObject>::retain(source), data, value), callback});
    const auto idle = ref<GSource>::adopt(g_idle_source_new());
    g_source_set_callback(
        idle,
        [](gpointer of) -> gboolean {
            const auto& self = *static_cast<call*>(of);
            const async_result view(self.result);
            self.callback(view.source_object(), self.result, view.user_data());
            return G_SOURCE_REMOVE;
        },
        made.release(),
        [](gpointer of) { const std::unique_ptr<call> owner(static_cast<call*>(of)); });
    g_source_attach(idle, g_main_context_get_thread_default());
}

} // namespace

// The view -------------------------------------------------------------------------

TEST(async_result, shows_what_a_task_was_made_with) {
    const auto source = new_object();
    int data = 0;
    const auto task = ref<GTask>::adopt(g_task_new(source, nullptr, nullptr, &data));
    (g_task_set_source_tag)(task, source_tag(ask_async));
    const async_result view(G_ASYNC_RESULT(task.get()));
    EXPECT_EQ(view.source_object().get(), source.get());
    EXPECT_EQ(view.user_data(), &data);
    EXPECT_TRUE(view.is_tagged(ask_async));
    EXPECT_FALSE(view.is_tagged(other_async));
    EXPECT_FALSE(view.legacy_propagate_error());
    EXPECT_EQ(view.get(), G_ASYNC_RESULT(task.get()));
    g_task_return_boolean(task, TRUE);
}

TEST(async_result, gives_a_reference_of_the_callers_own_to_the_source_object) {
    auto source = new_object();
    weak_ref<GObject> watch(source);
    auto result = new_async_result<answer>(source, nullptr, 0);
    const ref<GObject> own = async_result(result).source_object();
    source = nullptr;
    result = nullptr;
    EXPECT_TRUE(watch.lock());
}

TEST(async_result, has_no_source_object_where_there_is_none) {
    const auto result = new_async_result<answer>(nullptr, nullptr, 0);
    EXPECT_FALSE(async_result(result).source_object());
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

TEST(async_result, takes_the_error_of_an_old_result_out) {
    const auto source = new_object();
    int data = 0;
    const auto old = ref<GSimpleAsyncResult>::adopt(g_simple_async_result_new_error(
        source, [](GObject*, GAsyncResult*, gpointer) {}, &data, G_IO_ERROR, G_IO_ERROR_BUSY, "%s",
        "later"));
    const async_result view(G_ASYNC_RESULT(old.get()));
    EXPECT_EQ(view.source_object().get(), source.get());
    EXPECT_EQ(view.user_data(), &data);
    const auto failure = view.legacy_propagate_error();
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->matches(G_IO_ERROR_BUSY));
    EXPECT_STREQ(failure->message(), "later");
}

TEST(async_result, gives_the_error_of_an_old_result_once) {
    const auto old = ref<GSimpleAsyncResult>::adopt(g_simple_async_result_new_error(
        nullptr, nullptr, nullptr, G_IO_ERROR, G_IO_ERROR_BUSY, "%s", "later"));
    const async_result view(G_ASYNC_RESULT(old.get()));
    EXPECT_TRUE(view.legacy_propagate_error());
    expect_critical("GLib", "*src != NULL*", [&] { EXPECT_FALSE(view.legacy_propagate_error()); });
}

TEST(async_result, of_an_old_success_has_no_error) {
    const auto old = ref<GSimpleAsyncResult>::adopt(
        g_simple_async_result_new(nullptr, nullptr, nullptr, source_tag(ask_async)));
    const async_result view(G_ASYNC_RESULT(old.get()));
    EXPECT_FALSE(view.legacy_propagate_error());
    EXPECT_TRUE(view.is_tagged(ask_async));
}

G_GNUC_END_IGNORE_DEPRECATIONS

// The interface, implemented -------------------------------------------------------

TEST(async_result_base, is_what_c_code_asks) {
    const auto source = new_object();
    int data = 0;
    const auto result = new_async_result<answer>(source, &data, 0);
    const auto shown = ref<GObject>::adopt(g_async_result_get_source_object(result));
    EXPECT_EQ(shown.get(), source.get());
    EXPECT_EQ(g_async_result_get_user_data(result), &data);
    EXPECT_TRUE(g_async_result_is_tagged(result, source_tag(ask_async)));
    EXPECT_FALSE(g_async_result_is_tagged(result, source_tag(other_async)));
    GError* failure = nullptr;
    EXPECT_FALSE(g_async_result_legacy_propagate_error(result, &failure));
    EXPECT_FALSE(failure);
    EXPECT_FALSE(g_task_is_valid(result, source));
}

TEST(async_result_base, is_of_a_type_of_its_own_that_c_code_can_query) {
    const auto result = new_async_result<answer>(nullptr, nullptr, 0);
    const GType type = g_type_from_name("GawaitTestAnswer");
    EXPECT_EQ(type, async_result_type<answer>());
    EXPECT_NE(type, async_result_type<counted_answer>());
    EXPECT_STREQ(G_OBJECT_TYPE_NAME(result.get()), "GawaitTestAnswer");
    EXPECT_TRUE(g_type_is_a(type, G_TYPE_ASYNC_RESULT));
    EXPECT_EQ(g_type_parent(type), G_TYPE_OBJECT);
    EXPECT_TRUE(G_IS_ASYNC_RESULT(result.get()));
}

TEST(async_result_base, is_found_behind_its_object) {
    const auto result = new_async_result<answer>(nullptr, nullptr, 7);
    auto* const made = async_result_cast<answer>(result);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->value(), 7);
    EXPECT_EQ(made->as_async_result(), result.get());
}

TEST(async_result_base, is_not_found_behind_others) {
    const auto task = ref<GTask>::adopt(g_task_new(nullptr, nullptr, nullptr, nullptr));
    EXPECT_FALSE(async_result_cast<answer>(G_ASYNC_RESULT(task.get())));
    EXPECT_FALSE(async_result_cast<answer>(nullptr));
    std::atomic<int> live{0};
    EXPECT_FALSE(async_result_cast<answer>(new_async_result<counted_answer>(live)));
    g_task_return_boolean(task, TRUE);
}

TEST(async_result_base, goes_with_the_last_reference_to_its_object) {
    std::atomic<int> live{0};
    auto first = new_async_result<counted_answer>(live);
    auto second = first;
    first = nullptr;
    EXPECT_EQ(live, 1);
    second = nullptr;
    EXPECT_EQ(live, 0);
}

TEST(async_result_base, that_c_code_made_without_it_is_empty_and_does_no_harm) {
    const auto empty = ref<GAsyncResult>::adopt(
        G_ASYNC_RESULT(g_object_new(async_result_type<answer>(), nullptr)));
    EXPECT_FALSE(g_async_result_get_source_object(empty));
    EXPECT_FALSE(g_async_result_get_user_data(empty));
    EXPECT_FALSE(g_async_result_is_tagged(empty, source_tag(ask_async)));
    EXPECT_FALSE(async_result_cast<answer>(empty));
}

TEST(async_result_base, is_awaited_like_any_other_result) {
    const auto source = new_object();
    run([&]() -> task<> {
        const int value = co_await async(answer_async, answer_finish, source, 42);
        EXPECT_EQ(value, 42);
    }());
}

// A callback that comes while the function still runs -----------------------------

namespace {

/// The only reference to an object.
ref<GObject> only_reference;

/// Calls back at once, and lets go of its object, which the result does not hold.
void hasty_async(GObject* source, GAsyncReadyCallback callback, gpointer data) {
    callback(source, new_async_result<answer>(nullptr, data, 5), data);
    only_reference = nullptr;
}

int hasty_finish(GObject* source, GAsyncResult* result, GError** failure) {
    return G_IS_CANCELLABLE(source) ? answer_finish(result, failure) : 0;
}

} // namespace

TEST(async_result_base, that_comes_too_early_is_finished_with_the_source_still_there) {
    only_reference = new_object();
    GObject* const source = only_reference;
    weak_ref<GObject> kept(only_reference);
    EXPECT_EQ(run(async(hasty_async, hasty_finish, source)), 5);
    EXPECT_FALSE(kept.lock());
}
