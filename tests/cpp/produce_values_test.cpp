#include "gawait/produce.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/failure_slot.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/produce_fixture.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::callback_log;
using gawait::test::counted;
using gawait::test::expect_critical;
using gawait::test::fail_at_once;
using gawait::test::failure_slot;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::new_cancellable;
using gawait::test::new_object;
using gawait::test::produce;
using gawait::test::work;
using gawait::test::work_async;

// Values ---------------------------------------------------------------------------

TEST_F(produce, gives_integers) {
    callback_log log;
    work_to_the_end<gint64>(log, [] { return give(gint64(1) << 40); });
    EXPECT_EQ(work<gint64>::finish(nullptr, log.result(), nullptr), gint64(1) << 40);
    callback_log negative;
    work_to_the_end<gint8>(negative, [] { return give(gint8(-7)); });
    EXPECT_EQ(work<gint8>::finish(nullptr, negative.result(), nullptr), -7);
    callback_log large;
    work_to_the_end<guint64>(large, [] { return give(G_MAXUINT64); });
    EXPECT_EQ(work<guint64>::finish(nullptr, large.result(), nullptr), G_MAXUINT64);
}

TEST_F(produce, gives_enumerations_and_fractions) {
    callback_log log;
    work_to_the_end<GFileType>(log, [] { return give(G_FILE_TYPE_DIRECTORY); });
    EXPECT_EQ(work<GFileType>::finish(nullptr, log.result(), nullptr), G_FILE_TYPE_DIRECTORY);
    callback_log fraction;
    work_to_the_end<double>(fraction, [] { return give(0.5); });
    EXPECT_EQ(work<double>::finish(nullptr, fraction.result(), nullptr), 0.5);
}

TEST_F(produce, gives_booleans) {
    for (const bool value : {true, false}) {
        callback_log log;
        work_to_the_end<bool>(log, [value] { return give(bool(value)); });
        failure_slot failure;
        EXPECT_EQ(work<bool>::finish(nullptr, log.result(), failure), value);
        EXPECT_FALSE(failure.set());
    }
}

TEST_F(produce, gives_true_for_nothing) {
    callback_log log;
    work_to_the_end<void>(log, []() -> task<> { co_await yield(); });
    EXPECT_TRUE(work<void>::finish(nullptr, log.result(), nullptr));
}

TEST_F(produce, gives_objects_with_their_reference) {
    callback_log log;
    auto made = new_object();
    GObject* const address = made;
    EXPECT_EQ(address->ref_count, 1u);
    work_to_the_end<ref<GObject>>(log, [&] { return give(std::move(made)); });
    EXPECT_EQ(address->ref_count, 1u);
    const auto taken =
        ref<GObject>::adopt(work<ref<GObject>>::finish(nullptr, log.result(), nullptr));
    EXPECT_EQ(taken.get(), address);
    log.forget();
    EXPECT_EQ(address->ref_count, 1u);
}

TEST_F(produce, gives_no_object_where_the_body_gives_none) {
    callback_log log;
    work_to_the_end<ref<GObject>>(log, [] { return give(ref<GObject>()); });
    failure_slot failure;
    EXPECT_FALSE(work<ref<GObject>>::finish(nullptr, log.result(), failure));
    EXPECT_FALSE(failure.set());
}

TEST_F(produce, gives_boxed_types) {
    callback_log log;
    work_to_the_end<ref<GBytes>>(
        log, [] { return give(ref<GBytes>::adopt(g_bytes_new_static("abc", 3))); });
    const auto bytes =
        ref<GBytes>::adopt(work<ref<GBytes>>::finish(nullptr, log.result(), nullptr));
    EXPECT_EQ(g_bytes_get_size(bytes), 3u);

    struct date_deleter {
        void operator()(GDate* date) const { g_date_free(date); }
    };
    using unique_date = std::unique_ptr<GDate, date_deleter>;
    callback_log dated;
    work_to_the_end<unique_date>(
        dated, [] { return give(unique_date(g_date_new_dmy(1, G_DATE_MAY, 2024))); });
    const unique_date date(work<unique_date>::finish(nullptr, dated.result(), nullptr));
    EXPECT_EQ(g_date_get_year(date.get()), 2024);
}

TEST_F(produce, gives_strings) {
    callback_log log;
    work_to_the_end<std::string>(log, [] { return give(std::string("Grüße")); });
    const unique_string text(work<std::string>::finish(nullptr, log.result(), nullptr));
    EXPECT_STREQ(text.get(), "Grüße");

    callback_log adopted;
    work_to_the_end<unique_string>(adopted, [] { return give(unique_string(g_strdup("abc"))); });
    const unique_string own(work<unique_string>::finish(nullptr, adopted.result(), nullptr));
    EXPECT_STREQ(own.get(), "abc");

    callback_log several;
    work_to_the_end<unique_strv>(several,
                                 [] { return give(unique_strv(g_strsplit("a b", " ", 0))); });
    const unique_strv words(work<unique_strv>::finish(nullptr, several.result(), nullptr));
    EXPECT_STREQ(words.get()[1], "b");

    callback_log borrowed;
    work_to_the_end<const char*>(borrowed, [] { return give<const char*>("static"); });
    EXPECT_STREQ(work<const char*>::finish(nullptr, borrowed.result(), nullptr), "static");
}

TEST_F(produce, gives_variants_that_do_not_float) {
    callback_log log;
    work_to_the_end<ref<GVariant>>(
        log, [] { return give(ref<GVariant>::adopt(g_variant_new_int32(5))); });
    const auto value =
        ref<GVariant>::adopt(work<ref<GVariant>>::finish(nullptr, log.result(), nullptr));
    EXPECT_FALSE(g_variant_is_floating(value));
    EXPECT_EQ(g_variant_get_int32(value), 5);
}

namespace {

using several = std::tuple<std::string, int, bool, ref<GObject>>;

task<several> make_several(ref<GObject> object) {
    co_await yield();
    co_return several("abc", 7, true, std::move(object));
}

} // namespace

TEST_F(produce, gives_several_values_through_out_arguments) {
    callback_log log;
    const auto object = new_object();
    work_to_the_end<several>(log, [&] { return make_several(object); });
    char* text = nullptr;
    int number = 0;
    gboolean flag = FALSE;
    GObject* out = nullptr;
    failure_slot failure;
    EXPECT_TRUE(work<several>::finish(nullptr, log.result(), &text, &number, &flag, &out, failure));
    EXPECT_FALSE(failure.set());
    const unique_string owned_text(text);
    const auto owned_object = ref<GObject>::adopt(out);
    EXPECT_STREQ(text, "abc");
    EXPECT_EQ(number, 7);
    EXPECT_TRUE(flag);
    EXPECT_EQ(out, object.get());
}

TEST_F(produce, drops_those_of_several_values_that_nobody_wants) {
    callback_log log;
    auto object = new_object();
    weak_ref<GObject> watch(object);
    work_to_the_end<several>(log, [&] { return make_several(std::move(object)); });
    int number = 0;
    EXPECT_TRUE(
        work<several>::finish(nullptr, log.result(), nullptr, &number, nullptr, nullptr, nullptr));
    EXPECT_EQ(number, 7);
    EXPECT_FALSE(watch.lock());
}

TEST_F(produce, sets_out_arguments_to_nothing_beside_an_error) {
    callback_log log;
    work_to_the_end<several>(log, [] {
        return fail_at_once<several>(std::make_exception_ptr(error(G_IO_ERROR_BUSY, "later")));
    });
    char untouched = 'x';
    char* text = &untouched;
    int number = 5;
    failure_slot failure;
    EXPECT_FALSE(
        work<several>::finish(nullptr, log.result(), &text, &number, nullptr, nullptr, failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
    EXPECT_FALSE(text);
    EXPECT_EQ(number, -1);
}

TEST_F(produce, gives_any_value_between_callers_in_cpp) {
    using words = std::vector<std::unique_ptr<std::string>>;
    const auto make = []() -> task<words> {
        words made;
        made.push_back(std::make_unique<std::string>("abc"));
        co_await yield();
        co_return made;
    };
    callback_log log;
    work_to_the_end<words>(log, make);
    EXPECT_EQ(*work<words>::finish(nullptr, log.result(), nullptr).at(0), "abc");

    callback_log again;
    work_to_the_end<words>(again, make);
    EXPECT_EQ(*work<words>::value(nullptr, again.result()).at(0), "abc");
}

TEST_F(produce, gives_callers_in_cpp_the_value_of_the_coroutine) {
    callback_log text;
    work_to_the_end<std::string>(text, [] { return give(std::string("abc")); });
    EXPECT_EQ(work<std::string>::value(nullptr, text.result()), "abc");

    callback_log object;
    work_to_the_end<ref<GObject>>(object, [] { return give(new_object()); });
    EXPECT_TRUE(work<ref<GObject>>::value(nullptr, object.result()));

    callback_log number;
    work_to_the_end<int>(number, [] { return give(3); });
    EXPECT_EQ(work<int>::value(nullptr, number.result()), 3);

    callback_log nothing;
    work_to_the_end<void>(nothing, []() -> task<> { co_return; });
    work<void>::value(nullptr, nothing.result());
}

TEST_F(produce, gives_a_string_with_a_nul_whole_to_callers_in_cpp_and_up_to_it_to_c) {
    const std::string whole("ab\0cd", 5);
    callback_log cpp;
    work_to_the_end<std::string>(cpp, [&] { return give(std::string(whole)); });
    EXPECT_EQ(work<std::string>::value(nullptr, cpp.result()), whole);
    callback_log c;
    work_to_the_end<std::string>(c, [&] { return give(std::string(whole)); });
    const unique_string text(work<std::string>::finish(nullptr, c.result(), nullptr));
    EXPECT_STREQ(text.get(), "ab");
    EXPECT_EQ(std::string(text.get(), 6), whole + '\0') << "it is all there for who knows of it";
    callback_log empty;
    work_to_the_end<std::string>(empty, [] { return give(std::string()); });
    EXPECT_EQ(work<std::string>::value(nullptr, empty.result()), "");
}

TEST_F(produce, gives_a_string_once_to_callers_in_cpp) {
    callback_log log;
    work_to_the_end<std::string>(log, [] { return give(std::string("abc")); });
    EXPECT_EQ(work<std::string>::value(nullptr, log.result()), "abc");
    expect_critical("GLib-GIO", "*task->result_set*", [&] {
        try {
            work<std::string>::value(nullptr, log.result());
            ADD_FAILURE() << "gave it twice";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
        }
    });
}

TEST_F(produce, throws_what_failed_at_callers_in_cpp) {
    callback_log log;
    work_to_the_end<several>(log, [] {
        return fail_at_once<several>(std::make_exception_ptr(error(G_IO_ERROR_BUSY, "later")));
    });
    try {
        work<several>::value(nullptr, log.result());
        FAIL();
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
    }
}

TEST_F(produce, keeps_values_as_other_finish_functions_expect_them) {
    callback_log number;
    work_to_the_end<int>(number, [] { return give(3); });
    EXPECT_EQ(g_task_propagate_int(number.task(), nullptr), 3);
    callback_log nothing;
    work_to_the_end<void>(nothing, []() -> task<> { co_return; });
    EXPECT_TRUE(g_task_propagate_boolean(nothing.task(), nullptr));
    callback_log text;
    work_to_the_end<std::string>(text, [] { return give(std::string("abc")); });
    const unique_string taken(static_cast<char*>(g_task_propagate_pointer(text.task(), nullptr)));
    EXPECT_STREQ(taken.get(), "abc");
}

TEST_F(produce, destroys_a_value_that_nobody_takes) {
    auto object = new_object();
    weak_ref<GObject> watch(object);
    std::atomic<int> live{0};
    callback_log log;
    work_to_the_end<ref<GObject>>(log, [&] { return give(std::move(object)); });
    EXPECT_TRUE(watch.lock());
    log.forget();
    EXPECT_FALSE(watch.lock());

    callback_log text;
    work_to_the_end<std::string>(text, [] { return give(std::string("abc")); });
    callback_log cpp;
    work_to_the_end<std::shared_ptr<counted>>(
        cpp, [&] { return give(std::make_shared<counted>(live)); });
    EXPECT_EQ(live, 1);
    cpp.forget();
    EXPECT_EQ(live, 0);
}

TEST_F(produce, destroys_a_value_that_a_cancellation_hides) {
    auto object = new_object();
    weak_ref<GObject> watch(object);
    const auto cancellable = new_cancellable();
    callback_log log;
    work_async<ref<GObject>>(log.call(nullptr, cancellable),
                             [&] { return give(std::move(object)); });
    iterate_until_called_back(log);
    g_cancellable_cancel(cancellable);
    failure_slot failure;
    EXPECT_FALSE(work<ref<GObject>>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
    EXPECT_TRUE(watch.lock());
    log.forget();
    EXPECT_FALSE(watch.lock());
}

// Awaiting -------------------------------------------------------------------------

namespace {

void square_async(GObject* source, int number, int priority, GCancellable* cancellable,
                  GAsyncReadyCallback callback, gpointer data);

using squaring = async_pair<int, square_async>;

task<int> square(int number) {
    co_await sleep_for(1ms);
    if (number < 0)
        throw error(G_IO_ERROR_INVALID_ARGUMENT, "negative");
    co_return number* number;
}

void square_async(GObject* source, int number, int priority, GCancellable* cancellable,
                  GAsyncReadyCallback callback, gpointer data) {
    squaring::start({source, priority, cancellable, callback, data}, square(number));
}

int square_finish(GObject* source, GAsyncResult* result, GError** failure) {
    return squaring::finish(source, result, failure);
}

void split_async(const char* text, GCancellable* cancellable, GAsyncReadyCallback callback,
                 gpointer data);

using splitting = async_pair<std::vector<std::string>, split_async>;

task<std::vector<std::string>> split(std::string text) {
    co_await yield();
    co_return {text.substr(0, 1), text.substr(1)};
}

void split_async(const char* text, GCancellable* cancellable, GAsyncReadyCallback callback,
                 gpointer data) {
    splitting::start({.cancellable = cancellable, .callback = callback, .user_data = data},
                     split(text));
}

std::vector<std::string> split_finish(GAsyncResult* result, GError** failure) {
    return splitting::finish(nullptr, result, failure);
}

/// A value that C++ callers get as it is: `given` has nothing to say about it.
class boxed_word {
public:
    boxed_word() = default;
    explicit boxed_word(std::string text) : text_(std::make_unique<std::string>(std::move(text))) {}

    const std::string& operator*() const { return *text_; }

private:
    std::unique_ptr<std::string> text_;
};

void wrap_async(const char* text, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer data);

using wrapping = async_pair<boxed_word, wrap_async>;

task<boxed_word> wrap(std::string text) {
    co_await yield();
    co_return boxed_word(std::move(text));
}

void wrap_async(const char* text, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer data) {
    wrapping::start({.cancellable = cancellable, .callback = callback, .user_data = data},
                    wrap(text));
}

boxed_word wrap_finish(GAsyncResult* result, GError** failure) {
    return wrapping::finish(nullptr, result, failure);
}

} // namespace

TEST_F(produce, is_awaited_like_any_other_pair) {
    const auto source = new_object();
    run([&]() -> task<> {
        const int value = co_await async(square_async, square_finish, source, 5, 0);
        EXPECT_EQ(value, 25);
        const auto failed = co_await as_result(async(square_async, square_finish, source, -5, 0));
        EXPECT_TRUE(failed.has_error());
        EXPECT_STREQ(failed.error().message(), "negative");
        const auto parts = co_await async(split_async, split_finish, "abc");
        EXPECT_EQ(parts.at(1), "bc");
    }());
}

TEST_F(produce, gives_the_coroutine_that_awaits_it_what_can_only_be_moved) {
    run([]() -> task<> {
        const auto word = co_await async(wrap_async, wrap_finish, "abc");
        EXPECT_EQ(*word, "abc");
    }());
}

TEST_F(produce, is_cancelled_with_the_coroutine_that_awaits_it) {
    const auto source = new_object();
    run([&]() -> task<> {
        const auto waiting = spawn([](ref<GObject> asked) -> task<int> {
            co_return co_await async(square_async, square_finish, asked, 5, 0);
        }(source));
        co_await yield();
        waiting.cancel();
        const auto outcome = co_await as_result(waiting);
        EXPECT_TRUE(outcome.was_cancelled());
    }());
}

TEST_F(produce, ends_one_way_or_the_other_when_it_races_with_a_cancellation) {
    const loop_thread canceller;
    const auto source = new_object();
    int values = 0;
    int cancellations = 0;
    run([&]() -> task<> {
        for (int i = 0; i < 1000; ++i) {
            const auto waiting = spawn([](ref<GObject> asked) -> task<int> {
                co_return co_await async(square_async, square_finish, asked, 5, 0);
            }(source));
            const auto cancel = [&]() -> task<> {
                waiting.cancel();
                co_return;
            };
            if (i % 2)
                co_await sleep_for(1ms);
            const auto cancelling = spawn_on(canceller.context(), cancel());
            const auto outcome = co_await as_result(waiting);
            ++(outcome ? values : cancellations);
            EXPECT_FALSE(outcome.has_error());
            co_await cancelling;
        }
    }());
    EXPECT_EQ(values + cancellations, 1000);
}

// Results of the old kind ----------------------------------------------------------

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

namespace {

ref<GSimpleAsyncResult> new_old_result(callback_log& log, gpointer tag, GObject* source = nullptr) {
    const auto call = log.call();
    return ref<GSimpleAsyncResult>::adopt(
        g_simple_async_result_new(source, call.callback, call.user_data, tag));
}

/// An old library's function, and its finish function.
void old_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data) {
    const auto result = ref<GSimpleAsyncResult>::adopt(
        g_simple_async_result_new(source, callback, data, source_tag(old_async)));
    if (number < 0)
        g_simple_async_result_set_error(result, G_IO_ERROR, G_IO_ERROR_BUSY, "later");
    else
        g_simple_async_result_set_op_res_gssize(result, number);
    g_simple_async_result_complete_in_idle(result);
}

gssize old_finish(GObject* source, GAsyncResult* result, GError** failure) {
    g_return_val_if_fail(g_simple_async_result_is_valid(result, source, source_tag(old_async)), -1);
    if (g_simple_async_result_propagate_error(G_SIMPLE_ASYNC_RESULT(result), failure))
        return -1;
    return g_simple_async_result_get_op_res_gssize(G_SIMPLE_ASYNC_RESULT(result));
}

/// How finish functions were written that also take results of the old kind.
int square_finish_of_old(GObject* source, GAsyncResult* result, GError** failure) {
    if (g_async_result_legacy_propagate_error(result, failure))
        return -1;
    return squaring::finish(source, result, failure);
}

} // namespace

TEST_F(produce, takes_the_error_of_an_old_result) {
    callback_log log;
    const auto old = new_old_result(log, work<int>::tag());
    g_simple_async_result_set_error(old, G_IO_ERROR, G_IO_ERROR_BUSY, "later");
    g_simple_async_result_complete_in_idle(old);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
}

TEST_F(produce, finds_no_error_in_an_old_result_a_second_time) {
    callback_log log;
    const auto old = new_old_result(log, work<int>::tag());
    g_simple_async_result_set_error(old, G_IO_ERROR, G_IO_ERROR_BUSY, "later");
    auto* const result = G_ASYNC_RESULT(old.get());
    EXPECT_EQ(work<int>::finish(nullptr, result, nullptr), -1);
    failure_slot failure;
    expect_critical("GLib", "*src != NULL*",
                    [&] { EXPECT_EQ(work<int>::finish(nullptr, result, failure), -1); });
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
    expect_critical("GLib", "*src != NULL*",
                    [&] { EXPECT_THROW(work<int>::value(nullptr, result), error); });
}

TEST_F(produce, takes_the_value_of_an_old_result) {
    callback_log log;
    const auto number = new_old_result(log, work<int>::tag());
    g_simple_async_result_set_op_res_gssize(number, 7);
    EXPECT_EQ(work<int>::finish(nullptr, G_ASYNC_RESULT(number.get()), nullptr), 7);

    const auto flag = new_old_result(log, work<bool>::tag());
    g_simple_async_result_set_op_res_gboolean(flag, TRUE);
    EXPECT_TRUE(work<bool>::finish(nullptr, G_ASYNC_RESULT(flag.get()), nullptr));

    const auto source = new_object();
    const auto object = new_old_result(log, work<ref<GObject>>::tag(), source);
    g_simple_async_result_set_op_res_gpointer(object, new_object().release(), g_object_unref);
    const auto taken = ref<GObject>::adopt(
        work<ref<GObject>>::finish(source, G_ASYNC_RESULT(object.get()), nullptr));
    EXPECT_TRUE(G_IS_SOCKET_CLIENT(taken.get()));
}

TEST_F(produce, refuses_an_old_result_of_another_function_or_kind) {
    callback_log log;
    const auto other = new_old_result(log, work<bool>::tag());
    expect_critical(nullptr, "*no GTask*", [&] {
        EXPECT_EQ(work<int>::finish(nullptr, G_ASYNC_RESULT(other.get()), nullptr), -1);
    });
    const auto text = new_old_result(log, work<std::string>::tag());
    expect_critical(nullptr, "*no GTask*", [&] {
        EXPECT_FALSE(work<std::string>::finish(nullptr, G_ASYNC_RESULT(text.get()), nullptr));
    });
}

TEST_F(produce, may_await_functions_of_the_old_kind) {
    const auto source = new_object();
    callback_log log;
    work_to_the_end<gssize>(
        log, [&]() -> task<gssize> { co_return co_await async(old_async, old_finish, source, 5); });
    EXPECT_EQ(work<gssize>::finish(nullptr, log.result(), nullptr), 5);
    callback_log failed;
    work_to_the_end<gssize>(failed, [&]() -> task<gssize> {
        co_return co_await async(old_async, old_finish, source, -5);
    });
    failure_slot failure;
    EXPECT_EQ(work<gssize>::finish(nullptr, failed.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
}

TEST_F(produce, is_finished_by_functions_that_know_the_old_kind) {
    const auto source = new_object();
    run([&]() -> task<> {
        const int value = co_await async(square_async, square_finish_of_old, source, 5, 0);
        EXPECT_EQ(value, 25);
        const auto failed =
            co_await as_result(async(square_async, square_finish_of_old, source, -5, 0));
        EXPECT_TRUE(failed.has_error());
    }());
}

G_GNUC_END_IGNORE_DEPRECATIONS
