#include "gawait/produce.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/run.hpp"
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
#include "support/produced.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::callback_log;
using gawait::test::counted;
using gawait::test::expect_critical;
using gawait::test::failure_slot;
using gawait::test::give;
using gawait::test::loop_thread;
using gawait::test::own_context;
using gawait::test::work;
using gawait::test::work_async;

namespace {

ref<GObject> new_object() { return ref<GObject>::adopt(G_OBJECT(g_socket_client_new())); }
ref<GCancellable> new_cancellable() { return ref<GCancellable>::adopt(g_cancellable_new()); }

/// Counts the ends of a `GTask`: its notification that it has called back.
class completion_count {
public:
    explicit completion_count(GTask* task) {
        g_signal_connect(task, "notify::completed",
                         G_CALLBACK(+[](GObject*, GParamSpec*, gpointer self) {
                             ++static_cast<completion_count*>(self)->count_;
                         }),
                         this);
    }

    int count() const { return count_; }

private:
    int count_ = 0;
};

/// Opens no more descriptors while this lives.
class no_descriptors_left {
public:
    no_descriptors_left() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{0, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
    }
    no_descriptors_left(const no_descriptors_left&) = delete;
    no_descriptors_left& operator=(const no_descriptors_left&) = delete;
    ~no_descriptors_left() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

task<int> answer(int value) { co_return value; }

template <class T> task<T> fail_at_once(std::exception_ptr why) {
    std::rethrow_exception(why);
    co_return T();
}

task<int> hold(counted) {
    co_await yield();
    co_return 1;
}

task<> wait_for_ever() { co_await sleep_for(1h); }

/// Each test has a context of its own, which is the thread-default one.
class produce : public testing::Test {
protected:
    void iterate_until_called_back(const callback_log& log) const {
        EXPECT_TRUE(context.iterate_until([&] { return log.calls() > 0; }));
        context.iterate_while_ready();
        EXPECT_EQ(log.calls(), 1);
    }

    /// Runs something in an iteration of the context.
    template <class Code> void in_iteration(Code code, int priority = G_PRIORITY_HIGH) const {
        const auto idle = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_priority(idle, priority);
        g_source_set_callback(
            idle,
            [](gpointer called) -> gboolean {
                (*static_cast<Code*>(called))();
                return G_SOURCE_REMOVE;
            },
            &code, nullptr);
        g_source_attach(idle, context.get());
        g_main_context_iteration(context.get(), FALSE);
    }

    /// Calls, in an iteration of the context, a function whose body is this, and lets it end.
    template <class T>
    void work_to_the_end(callback_log& log, std::function<task<T>()> body) const {
        in_iteration([&] { work_async<T>(log.call(), body); });
        iterate_until_called_back(log);
    }

    /// The error that a body's exception becomes.
    template <class Exception> error error_after(const Exception& thrown) const {
        callback_log log;
        work_to_the_end<int>(log,
                             [&] { return fail_at_once<int>(std::make_exception_ptr(thrown)); });
        GError* failure = nullptr;
        EXPECT_EQ(work<int>::finish(nullptr, log.result(), &failure), -1);
        return error(failure);
    }

    own_context context;
};

} // namespace

// The result -----------------------------------------------------------------------

TEST_F(produce, gives_a_task_with_all_that_the_caller_said) {
    callback_log log;
    const auto source = new_object();
    const auto cancellable = new_cancellable();
    auto call = log.call(source, cancellable);
    call.priority = G_PRIORITY_LOW;
    call.name = "some work";
    log.in_callback([&] {
        EXPECT_EQ(log.source(), source.get());
        EXPECT_TRUE(g_task_is_valid(log.result(), source));
        EXPECT_EQ(g_async_result_get_user_data(log.result()), &log);
        EXPECT_TRUE(g_async_result_is_tagged(log.result(), work<int>::tag()));
        EXPECT_EQ(g_task_get_source_tag(log.task()), source_tag(work_async<int>));
        EXPECT_EQ(g_task_get_cancellable(log.task()), cancellable.get());
        EXPECT_EQ(g_task_get_context(log.task()), context.get());
        EXPECT_EQ(g_task_get_priority(log.task()), G_PRIORITY_LOW);
        EXPECT_STREQ(g_task_get_name(log.task()), "some work");
        EXPECT_FALSE(g_task_had_error(log.task()));
        EXPECT_FALSE(g_task_get_completed(log.task()));
        EXPECT_EQ(work<int>::finish(source, log.result(), nullptr), 5);
        EXPECT_FALSE(g_task_had_error(log.task()));
    });
    work_async<int>(call, [] { return give(5); });
    iterate_until_called_back(log);
    EXPECT_TRUE(g_task_get_completed(log.task()));
}

TEST_F(produce, tells_that_the_task_has_completed_after_the_callback) {
    callback_log log;
    std::optional<completion_count> completions;
    log.in_callback([&] { completions.emplace(log.task()); });
    work_async<int>(log.call(), [] { return give(5); });
    iterate_until_called_back(log);
    EXPECT_EQ(completions->count(), 1);
}

TEST_F(produce, leaves_nothing_behind) {
    callback_log log;
    auto source = new_object();
    weak_ref<GObject> watch(source);
    work_async<int>(log.call(source), [] { return give(5); });
    source = nullptr;
    EXPECT_TRUE(watch.lock());
    iterate_until_called_back(log);
    weak_ref<GAsyncResult> result(log.result());
    log.forget();
    EXPECT_FALSE(result.lock());
    EXPECT_FALSE(watch.lock());
}

TEST_F(produce, has_destroyed_the_body_when_it_calls_back) {
    callback_log log;
    std::atomic<int> live{0};
    log.in_callback([&] { EXPECT_EQ(live, 0); });
    work<int>::start(log.call(), hold(counted(live)));
    EXPECT_EQ(live, 1);
    iterate_until_called_back(log);
}

// When the callback runs -----------------------------------------------------------

TEST_F(produce, begins_the_body_within_the_call_where_its_context_is_dispatching) {
    callback_log log;
    in_iteration([&] {
        bool begun = false;
        work_async<void>(log.call(), [&]() -> task<> {
            begun = true;
            co_return;
        });
        EXPECT_TRUE(begun);
    });
    iterate_until_called_back(log);
}

TEST_F(produce, begins_the_body_in_the_next_iteration_when_called_outside_of_the_main_loop) {
    callback_log log;
    bool begun = false;
    work_async<void>(log.call(), [&]() -> task<> {
        begun = true;
        co_return;
    });
    EXPECT_FALSE(begun);
    iterate_until_called_back(log);
    EXPECT_TRUE(begun);
}

TEST_F(produce, calls_back_in_a_later_iteration_though_the_body_ends_at_once) {
    callback_log log;
    in_iteration([&] {
        work_async<int>(log.call(), [] { return answer(5); });
        EXPECT_EQ(log.calls(), 0);
    });
    EXPECT_EQ(log.calls(), 0);
    iterate_until_called_back(log);
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), nullptr), 5);
}

TEST_F(produce, calls_back_in_a_later_iteration_though_the_body_throws_at_once) {
    callback_log log;
    in_iteration([&] {
        work_async<int>(log.call(), [] {
            return fail_at_once<int>(std::make_exception_ptr(error(G_IO_ERROR_BUSY, "later")));
        });
        EXPECT_EQ(log.calls(), 0);
    });
    EXPECT_EQ(log.calls(), 0);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
}

TEST_F(produce, calls_back_in_a_later_iteration_though_the_body_ends_in_a_round_of_the_same) {
    callback_log log;
    const auto home = engine::get();
    int iteration = 0;
    std::optional<int> called_in;
    log.in_callback([&] { called_in = iteration; });
    test::action begin([&] { work_async<int>(log.call(), [] { return give(5, 3); }); });
    home->post(begin);
    for (iteration = 1; !called_in && iteration < 100; ++iteration)
        g_main_context_iteration(context.get(), TRUE);
    EXPECT_GT(called_in, 1);
}

TEST_F(produce, calls_back_in_a_later_iteration_when_it_was_cancelled_before_the_call) {
    callback_log log;
    const auto cancellable = new_cancellable();
    g_cancellable_cancel(cancellable);
    bool begun = false;
    in_iteration([&] {
        work_async<void>(log.call(nullptr, cancellable), [&]() -> task<> {
            begun = true;
            co_return;
        });
        EXPECT_EQ(log.calls(), 0);
    });
    EXPECT_EQ(log.calls(), 0);
    iterate_until_called_back(log);
    EXPECT_FALSE(begun);
    failure_slot failure;
    EXPECT_FALSE(work<void>::finish(nullptr, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_CANCELLED));
}

TEST_F(produce, calls_back_in_the_order_of_the_priorities) {
    for (const int rounds : {0, 1}) {
        std::vector<int> order;
        std::array<callback_log, 3> logs;
        const std::array priorities{G_PRIORITY_DEFAULT, G_PRIORITY_HIGH, G_PRIORITY_LOW};
        for (std::size_t i = 0; i < logs.size(); ++i) {
            logs[i].in_callback([&order, priority = priorities[i]] { order.push_back(priority); });
            auto call = logs[i].call();
            call.priority = priorities[i];
            work_async<int>(call, [rounds] { return give(1, rounds); });
        }
        EXPECT_TRUE(context.iterate_until([&] { return order.size() == 3; }));
        EXPECT_EQ(order.back(), G_PRIORITY_LOW);
        if (rounds == 0) {
            EXPECT_EQ(order.front(), G_PRIORITY_HIGH);
        }
    }
}

TEST_F(produce, does_not_call_back_before_what_is_ready_and_of_a_better_priority) {
    callback_log log;
    auto call = log.call();
    call.priority = G_PRIORITY_LOW;
    work_async<int>(call, [] { return give(1, 2); });
    int others = 0;
    {
        test::always_ready other(context.get(), G_PRIORITY_DEFAULT_IDLE, [&] { ++others; });
        while (others < 1000)
            g_main_context_iteration(context.get(), FALSE);
        EXPECT_EQ(log.calls(), 0);
    }
    iterate_until_called_back(log);
}

TEST_F(produce, calls_back_from_the_main_loop_when_called_outside_of_it) {
    callback_log log;
    work_async<int>(log.call(), [] { return answer(1); });
    EXPECT_EQ(log.calls(), 0);
    iterate_until_called_back(log);
    EXPECT_EQ(log.context(), context.get());
}

TEST_F(produce, calls_back_where_it_was_called_though_the_body_worked_in_another_thread) {
    callback_log log;
    std::thread::id worker;
    work_to_the_end<int>(log, [&]() -> task<int> {
        worker = co_await to_thread([] { return std::this_thread::get_id(); });
        co_return 1;
    });
    EXPECT_NE(worker, std::this_thread::get_id());
    EXPECT_EQ(log.thread(), std::this_thread::get_id());
    EXPECT_EQ(log.context(), context.get());
}

TEST_F(produce, calls_back_where_it_was_called_though_the_body_ended_in_another_context) {
    callback_log log;
    const loop_thread other;
    std::thread::id ended;
    work_to_the_end<int>(log, [&]() -> task<int> {
        co_await resume_on(other.context());
        ended = std::this_thread::get_id();
        co_return 1;
    });
    EXPECT_EQ(ended, other.id());
    EXPECT_EQ(log.thread(), std::this_thread::get_id());
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), nullptr), 1);
}

TEST_F(produce, calls_back_in_the_context_that_was_current_at_the_call) {
    callback_log log;
    const auto other = ref<GMainContext>::adopt(g_main_context_new());
    g_main_context_push_thread_default(other);
    work_async<int>(log.call(), [] { return give(1); });
    g_main_context_pop_thread_default(other);
    context.iterate_while_ready();
    EXPECT_EQ(log.calls(), 0);
    EXPECT_TRUE(test::block_until(other, [&] { return log.calls() == 1; }));
    EXPECT_EQ(log.context(), other.get());
    g_main_context_push_thread_default(other);
    log.forget();
    g_main_context_pop_thread_default(other);
}

TEST_F(produce, runs_the_body_and_drops_the_result_when_there_is_no_callback) {
    std::atomic<int> live{0};
    int ended = 0;
    for (const int rounds : {0, 2})
        work_async<std::shared_ptr<counted>>({}, [&, rounds]() -> task<std::shared_ptr<counted>> {
            auto made = std::make_shared<counted>(live);
            for (int round = 0; round < rounds; ++round)
                co_await yield();
            ++ended;
            co_return made;
        });
    EXPECT_TRUE(context.iterate_until([&] { return ended == 2; }));
    context.iterate_while_ready();
    EXPECT_EQ(live, 0);
}

TEST_F(produce, drops_an_error_when_there_is_no_callback) {
    auto source = new_object();
    weak_ref<GObject> watch(source);
    work_async<int>({.source_object = source}, [] {
        return fail_at_once<int>(std::make_exception_ptr(error(G_IO_ERROR_BUSY, "later")));
    });
    source = nullptr;
    EXPECT_TRUE(watch.lock());
    context.iterate_while_ready();
    EXPECT_FALSE(watch.lock());
}

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

// Errors ---------------------------------------------------------------------------

TEST_F(produce, gives_the_error_of_the_body) {
    callback_log log;
    std::optional<completion_count> completions;
    log.in_callback([&] {
        completions.emplace(log.task());
        EXPECT_TRUE(g_task_had_error(log.task()));
        failure_slot failure;
        EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
        EXPECT_TRUE(g_error_matches(*failure, G_FILE_ERROR, G_FILE_ERROR_NOSPC));
        EXPECT_STREQ(failure->message, "full");
        EXPECT_TRUE(g_task_had_error(log.task()));
    });
    work_to_the_end<int>(log, []() -> task<int> {
        co_await yield();
        throw error(G_FILE_ERROR, G_FILE_ERROR_NOSPC, "full");
    });
    EXPECT_EQ(completions->count(), 1);
}

TEST_F(produce, gives_each_exception_a_domain_and_a_code) {
    EXPECT_TRUE(error_after(std::runtime_error("broken")).matches(G_IO_ERROR_FAILED));
    EXPECT_STREQ(error_after(std::runtime_error("broken")).message(), "broken");
    EXPECT_TRUE(error_after(std::invalid_argument("odd")).matches(G_IO_ERROR_INVALID_ARGUMENT));
    const std::system_error refused(ECONNREFUSED, std::generic_category(), "connecting");
    EXPECT_TRUE(error_after(refused).matches(G_IO_ERROR_CONNECTION_REFUSED));
    const std::system_error other(std::make_error_code(std::future_errc::no_state));
    EXPECT_TRUE(error_after(other).matches(G_IO_ERROR_FAILED));
    EXPECT_TRUE(error_after(cancelled()).matches(G_IO_ERROR_CANCELLED));
    EXPECT_TRUE(error_after(5).matches(G_IO_ERROR_FAILED));
}

TEST_F(produce, gives_messages_in_utf8) {
    const error failure = error_after(std::runtime_error("no\xff text"));
    EXPECT_TRUE(g_utf8_validate(failure.message(), -1, nullptr));
}

namespace {

/// Cannot be moved as often as is needed.
class immovable_value {
public:
    immovable_value() = default;
    immovable_value(immovable_value&& other) : moves_(other.moves_ + 1) {
        if (moves_ > 1)
            throw std::runtime_error("it does not move");
    }

private:
    int moves_ = 0;
};

} // namespace

TEST_F(produce, gives_the_error_of_a_value_that_cannot_be_moved) {
    callback_log log;
    work<immovable_value>::start(log.call(),
                                 []() -> task<immovable_value> { co_return immovable_value(); }());
    iterate_until_called_back(log);
    try {
        work<immovable_value>::value(nullptr, log.result());
        FAIL();
    } catch (const error& failure) {
        EXPECT_STREQ(failure.message(), "it does not move");
    }
}

TEST_F(produce, gives_an_error_when_there_is_no_body) {
    callback_log log;
    work<int>::start(log.call(), task<int>());
    EXPECT_EQ(log.calls(), 0);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST_F(produce, gives_an_error_when_no_descriptor_is_left_for_the_engine) {
    callback_log log;
    {
        const no_descriptors_left none;
        work_async<int>(log.call(), [] { return give(1); });
    }
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_TOO_MANY_OPEN_FILES));
}

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

// Finishing ------------------------------------------------------------------------

TEST_F(produce, may_be_finished_long_after_the_callback) {
    callback_log log;
    work_to_the_end<int>(log, [] { return give(5); });
    context.iterate_while_ready();
    EXPECT_TRUE(g_task_get_completed(log.task()));
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), nullptr), 5);
}

TEST_F(produce, may_be_finished_by_a_caller_who_does_not_want_the_error) {
    callback_log log;
    work_to_the_end<int>(log, []() -> task<int> {
        throw std::runtime_error("broken");
        co_return 1;
    });
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), nullptr), -1);
}

TEST_F(produce, finished_a_second_time_is_a_critical_of_gtasks) {
    callback_log number;
    work_to_the_end<int>(number, [] { return give(5); });
    EXPECT_EQ(work<int>::finish(nullptr, number.result(), nullptr), 5);
    expect_critical("GLib-GIO", "*task->result_set*",
                    [&] { EXPECT_EQ(work<int>::finish(nullptr, number.result(), nullptr), -1); });
    callback_log text;
    work_to_the_end<std::string>(text, [] { return give(std::string("abc")); });
    const unique_string taken(work<std::string>::finish(nullptr, text.result(), nullptr));
    expect_critical("GLib-GIO", "*task->result_set*", [&] {
        EXPECT_FALSE(work<std::string>::finish(nullptr, text.result(), nullptr));
    });
    callback_log cpp;
    work_to_the_end<std::vector<int>>(cpp, [] { return give(std::vector<int>{1}); });
    EXPECT_EQ(work<std::vector<int>>::value(nullptr, cpp.result()).size(), 1u);
    expect_critical("GLib-GIO", "*task->result_set*", [&] {
        EXPECT_THROW(work<std::vector<int>>::value(nullptr, cpp.result()), error);
    });
}

TEST_F(produce, refuses_the_result_of_another_source_object) {
    callback_log log;
    const auto source = new_object();
    work_async<int>(log.call(source), [] { return give(5); });
    iterate_until_called_back(log);
    const auto other = new_object();
    failure_slot failure;
    expect_critical(nullptr, "*another source object*",
                    [&] { EXPECT_EQ(work<int>::finish(other, log.result(), failure), -1); });
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_EQ(work<int>::finish(source, log.result(), nullptr), 5);
}

TEST_F(produce, refuses_the_result_of_another_function) {
    callback_log log;
    work_to_the_end<int>(log, [] { return give(5); });
    failure_slot failure;
    expect_critical(nullptr, "*another function*", [&] {
        EXPECT_FALSE(work<std::string>::finish(nullptr, log.result(), failure));
    });
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
    expect_critical(nullptr, "*another function*",
                    [&] { EXPECT_THROW(work<std::string>::value(nullptr, log.result()), error); });
    int number = 1;
    expect_critical(nullptr, "*another function*", [&] {
        EXPECT_FALSE((work<std::tuple<int>>::finish(nullptr, log.result(), &number, nullptr)));
    });
    EXPECT_EQ(number, -1);
}

namespace {

class other_result : public async_result_base {
public:
    static constexpr const char* type_name = "GawaitTestOtherResult";
    ref<GObject> source_object() noexcept override { return {}; }
    gpointer user_data() noexcept override { return nullptr; }
    bool is_tagged(gpointer) noexcept override { return true; }
};

} // namespace

TEST_F(produce, refuses_what_is_no_task) {
    const auto other = new_async_result<other_result>();
    expect_critical(nullptr, "*no GTask*",
                    [&] { EXPECT_EQ(work<int>::finish(nullptr, other, nullptr), -1); });
    expect_critical(nullptr, "*no GTask*",
                    [&] { EXPECT_EQ(work<int>::finish(nullptr, nullptr, nullptr), -1); });
}

TEST_F(produce, finishes_what_c_code_reported_in_its_name) {
    callback_log log;
    const auto call = log.call();
    g_task_report_new_error(nullptr, call.callback, call.user_data, work<int>::tag(), G_IO_ERROR,
                            G_IO_ERROR_BUSY, "later");
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_EQ(work<int>::finish(nullptr, log.result(), failure), -1);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_BUSY));
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
