#include "gawait/produce.hpp"

#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/engine_work.hpp"
#include "support/failure_slot.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/produce_fixture.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
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
using gawait::test::answer;
using gawait::test::callback_log;
using gawait::test::counted;
using gawait::test::expect_critical;
using gawait::test::fail_at_once;
using gawait::test::failure_slot;
using gawait::test::give;
using gawait::test::hold;
using gawait::test::loop_thread;
using gawait::test::new_cancellable;
using gawait::test::new_object;
using gawait::test::produce;
using gawait::test::work;
using gawait::test::work_async;

namespace {

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
