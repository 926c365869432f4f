#include "gawait/signal.hpp"

#include "gawait/property.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/when_any.hpp"
#include "gawait/with_timeout.hpp"
#include "support/emitting_object.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::emitting_object;
using test::is_connected;
using test::let_others_run;
using test::make_emitting_object;

using plain_signal = object_signal<void()>;
using number_signal = object_signal<void(int)>;
using file_signal = object_signal<void(ref<GFile>, unique_string)>;
using asking_signal = object_signal<bool(unique_string)>;

void emit(emitting_object* object, int number) { g_signal_emit_by_name(object, "number", number); }

/// The message of the error that a call throws.
std::string refusal_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const error& refused) {
        EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
        return refused.message();
    }
    return {};
}

// Awaiting the next emission --------------------------------------------------------

TEST(signal, is_awaited_and_gives_its_argument) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto waiting =
            spawn([&]() -> task<int> { co_return co_await number_signal(object, "number"); });
        co_await let_others_run();
        emit(object, 5);
        emit(object, 6);
        EXPECT_EQ(co_await waiting, 5);
    };
    run(body());
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, without_arguments_gives_nothing_and_with_several_a_tuple) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto file = ref<GFile>::adopt(g_file_new_for_path("/etc"));
    const auto body = [&]() -> task<> {
        const auto plain = spawn([&]() -> task<> { co_await plain_signal(object, "plain"); });
        const auto both = spawn([&]() -> task<bool> {
            auto [given, name] = co_await file_signal(object, "file");
            co_return given.get() == file.get() && name.get() == std::string("name");
        });
        co_await let_others_run();
        g_signal_emit_by_name(object, "plain");
        g_signal_emit_by_name(object, "file", file.get(), "name");
        co_await plain;
        EXPECT_TRUE(co_await both);
    };
    run(body());
}

TEST(signal, gives_null_where_the_emission_has_it) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto files = file_signal(object, "file").emissions();
        g_signal_emit_by_name(object, "file", nullptr, nullptr);
        auto came = co_await files.next();
        EXPECT_FALSE(std::get<0>(*came));
        EXPECT_FALSE(std::get<1>(*came));
    };
    run(body());
}

TEST(signal, is_connected_while_it_is_awaited_only) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const number_signal signal(object, "number");
        EXPECT_FALSE(is_connected(object, "number"));
        emit(object, 1);
        const auto waiting = spawn([&]() -> task<int> { co_return co_await signal; });
        co_await let_others_run();
        EXPECT_TRUE(is_connected(object, "number"));
        emit(object, 2);
        EXPECT_EQ(co_await waiting, 2);
        EXPECT_FALSE(is_connected(object, "number"));
    };
    run(body());
}

TEST(signal, with_a_detail_is_that_one_alone) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto left = number_signal(object, "number::left").emissions();
        g_signal_emit_by_name(object, "number::right", 1);
        g_signal_emit_by_name(object, "number::left", 2);
        EXPECT_EQ(co_await left.next(), 2);
    };
    run(body());
}

TEST(signal, is_disconnected_when_the_wait_is_cancelled) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto waiting =
            spawn([&]() -> task<int> { co_return co_await number_signal(object, "number"); });
        co_await let_others_run();
        EXPECT_TRUE(is_connected(object, "number"));
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        EXPECT_FALSE(is_connected(object, "number"));
    };
    run(body());
}

TEST(signal, loses_the_race_of_when_any_and_is_disconnected) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto first = co_await when_any(sleep_for(1ms), plain_signal(object, "plain"));
        EXPECT_EQ(first.index(), 0U);
        EXPECT_FALSE(is_connected(object, "plain"));
    };
    run(body());
}

TEST(signal, of_an_object_that_is_finalised_meanwhile_is_an_error) {
    const test::own_context context;
    auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn([&]() -> task<> { co_await plain_signal(object, "plain"); });
        co_await let_others_run();
        EXPECT_EQ(G_OBJECT(object.get())->ref_count, 1U) << "who waits does not keep it";
        object = {};
        const auto ended = co_await as_result(waiting);
        EXPECT_TRUE(ended.error().matches(G_IO_ERROR_CLOSED));
        EXPECT_NE(std::string(ended.error().message()).find("'plain'"), std::string::npos);
    };
    run(body());
}

TEST(signal, of_an_object_that_is_disposed_of_or_disconnected_meanwhile_is_an_error) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto disposed = spawn([&]() -> task<> { co_await plain_signal(object, "plain"); });
        co_await let_others_run();
        g_object_run_dispose(G_OBJECT(object.get()));
        EXPECT_TRUE((co_await as_result(disposed)).error().matches(G_IO_ERROR_CLOSED));

        const auto lost = spawn([&]() -> task<> { co_await plain_signal(object, "plain"); });
        co_await let_others_run();
        const guint id = g_signal_lookup("plain", test::emitting_object_type());
        const gulong handler =
            g_signal_handler_find(object, G_SIGNAL_MATCH_ID, id, 0, nullptr, nullptr, nullptr);
        g_signal_handler_disconnect(object, handler);
        EXPECT_TRUE((co_await as_result(lost)).error().matches(G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST(signal, that_wants_an_answer_gets_none_from_who_only_waits) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto questions = asking_signal(object, "asks").emissions();
        gboolean answer = TRUE;
        g_signal_emit_by_name(object, "asks", "why", &answer);
        EXPECT_FALSE(answer);
        EXPECT_STREQ((*co_await questions.next()).get(), "why");
    };
    run(body());
}

TEST(signal, is_awaited_with_an_emission_from_another_thread) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn([&]() -> task<std::thread::id> {
            co_await number_signal(object, "number");
            co_return std::this_thread::get_id();
        });
        co_await let_others_run();
        co_await to_thread([&] { emit(object, 1); });
        EXPECT_EQ(co_await waiting, std::this_thread::get_id());
    };
    run(body());
}

// What is refused ---------------------------------------------------------------------

TEST(signal, that_there_is_not_is_refused_by_name) {
    const auto object = make_emitting_object();
    const std::string line = std::to_string(__LINE__ + 1);
    const auto refused = refusal_of([&] { plain_signal(object, "none"); });
    EXPECT_NE(refused.find("signal_test.cpp:" + line + ": "), std::string::npos) << refused;
    EXPECT_NE(refused.find("a emitting_object has no signal 'none'"), std::string::npos) << refused;
    EXPECT_NE(refusal_of([&] {
                  plain_signal(object, "plain::detail");
              }).find("'emitting_object::plain' takes no detail"),
              std::string::npos);
}

TEST(signal, of_null_is_refused) {
    const ref<emitting_object> none;
    EXPECT_NE(refusal_of([&] { plain_signal(none, "plain"); }).find("the object is null"),
              std::string::npos);
    const auto object = make_emitting_object();
    EXPECT_NE(refusal_of([&] { plain_signal(object, nullptr); }).find("is null"),
              std::string::npos);
    EXPECT_NE(refusal_of([&] { object_property<int>(object, nullptr); }).find("is null"),
              std::string::npos);
}

TEST(signal, of_an_object_of_another_class_is_refused) {
    const auto other = ref<GCancellable>::adopt(g_cancellable_new());
    auto* const cast = reinterpret_cast<emitting_object*>(other.get());
    EXPECT_NE(refusal_of([&] { plain_signal(cast, "plain"); }).find("a GCancellable has no signal"),
              std::string::npos);
}

TEST(signal, with_other_types_is_refused_and_told_of_both) {
    const auto object = make_emitting_object();
    const auto says = [&](const std::string& what, const std::function<void()>& call) {
        const auto refused = refusal_of(call);
        EXPECT_NE(refused.find(what), std::string::npos) << refused;
    };
    says("the signal 'emitting_object::number' has 1 parameters, not 0",
         [&] { plain_signal(object, "number"); });
    says("parameter 1 of the signal 'emitting_object::number' is a gint, not a bool",
         [&] { object_signal<void(bool)>(object, "number"); });
    says("is a gint, not a long", [&] { object_signal<void(long)>(object, "number"); });
    says("is a gint, not a unsigned int", [&] { object_signal<void(guint)>(object, "number"); });
    says("parameter 1 of the signal 'emitting_object::file' is a GFile, not a ref<GMount>",
         [&] { object_signal<void(ref<GMount>, unique_string)>(object, "file"); });
    says("parameter 2 of the signal 'emitting_object::file' is a gchararray, not a double",
         [&] { object_signal<void(ref<GFile>, double)>(object, "file"); });
    says("is a gpointer, not a ref<GFile>",
         [&] { object_signal<void(ref<GFile>)>(object, "stray"); });
    says("handlers of the signal 'emitting_object::asks' return a gboolean, not nothing",
         [&] { object_signal<void(unique_string)>(object, "asks"); });
    says("return a gboolean, not a int",
         [&] { object_signal<int(unique_string)>(object, "asks"); });
    says("return nothing, not a bool", [&] { object_signal<bool()>(object, "plain"); });
}

TEST(signal, takes_the_object_of_an_argument_as_one_of_a_class_above) {
    const auto object = make_emitting_object();
    EXPECT_NO_THROW((object_signal<void(ref<GObject>, unique_string)>(object, "file")));
}

// Iterating ---------------------------------------------------------------------------

TEST(signal, keeps_what_is_emitted_between_two_steps_in_order) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto numbers = number_signal(object, "number").emissions();
        for (int number = 0; number < 3; ++number)
            emit(object, number);
        for (int number = 0; number < 3; ++number)
            EXPECT_EQ(co_await numbers.next(), number);
        const auto next =
            spawn([&]() -> task<std::optional<int>> { co_return co_await numbers.next(); });
        co_await let_others_run();
        EXPECT_FALSE(next.done());
        emit(object, 3);
        EXPECT_EQ(co_await next, 3);
        EXPECT_EQ(numbers.dropped(), 0U);
    };
    run(body());
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, drops_the_oldest_at_the_bound_and_counts_them) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto numbers = number_signal(object, "number").emissions(2);
        for (int number = 0; number < 5; ++number)
            emit(object, number);
        EXPECT_EQ(numbers.dropped(), 3U);
        EXPECT_EQ(co_await numbers.next(), 3);
        EXPECT_EQ(co_await numbers.next(), 4);
    };
    run(body());
}

TEST(signal, ends_the_iteration_after_what_is_kept_when_it_is_closed_or_the_object_goes) {
    const test::own_context context;
    auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto closed = number_signal(object, "number").emissions();
        auto lasting = number_signal(object, "number").emissions();
        emit(object, 1);
        closed.close();
        emit(object, 2);
        EXPECT_EQ(co_await closed.next(), 1);
        EXPECT_EQ(co_await closed.next(), std::nullopt);
        object = {};
        EXPECT_EQ(co_await lasting.next(), 1);
        EXPECT_EQ(co_await lasting.next(), 2);
        EXPECT_EQ(co_await lasting.next(), std::nullopt);
        EXPECT_EQ(co_await lasting.next(), std::nullopt);
    };
    run(body());
}

TEST(signal, loses_nothing_to_a_step_that_is_cancelled) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto numbers = number_signal(object, "number").emissions();
        EXPECT_TRUE((co_await as_result(with_timeout(1ms, numbers.next())))
                        .error()
                        .matches(G_IO_ERROR_TIMED_OUT));
        emit(object, 7);
        EXPECT_EQ(co_await numbers.next(), 7);
    };
    run(body());
}

TEST(signal, keeps_what_other_threads_emit_at_the_same_time) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto numbers = number_signal(object, "number").emissions();
        const auto emit_all = [&] {
            for (int number = 1; number <= 100; ++number)
                emit(object, number);
        };
        std::thread first(emit_all);
        std::thread second(emit_all);
        int sum = 0;
        for (int count = 0; count < 200; ++count)
            sum += *co_await numbers.next();
        first.join();
        second.join();
        EXPECT_EQ(sum, 10100);
    };
    run(body());
}

// Handlers ------------------------------------------------------------------------------

TEST(signal, runs_a_coroutine_for_one_emission_at_a_time) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::string log;
    const auto handler = [&](int number) -> task<> {
        log += char('a' + number);
        co_await let_others_run();
        log += char('A' + number);
    };
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number").connect(children, handler);
        emit(object, 0);
        emit(object, 1);
        EXPECT_EQ(log, "") << "it begins in a later round";
        for (int rounds = 0; rounds < 10; ++rounds)
            co_await let_others_run();
        children.cancel();
    };
    run(with_scope(body));
    EXPECT_EQ(log, "aAbB");
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, runs_a_coroutine_for_emissions_side_by_side) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::string log;
    const auto handler = [&](int number) -> task<> {
        log += char('a' + number);
        co_await let_others_run();
        log += char('A' + number);
    };
    const auto body = [&](scope& children) -> task<> {
        const auto handling =
            number_signal(object, "number").connect(children, handler, {.side_by_side = true});
        emit(object, 0);
        emit(object, 1);
        for (int rounds = 0; rounds < 10; ++rounds)
            co_await let_others_run();
        handling.disconnect();
    };
    run(with_scope(body));
    EXPECT_EQ(log, "abAB");
}

TEST(signal, runs_a_coroutine_anew_for_each_emission_when_the_one_before_has_ended) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::string log;
    const auto handler = [&](int number) -> task<> {
        log += char('a' + number);
        const auto cut_short = co_await as_result(sleep_for(number < 3 ? 10s : 0s));
        co_await shield(let_others_run());
        log += cut_short.was_cancelled() ? '-' : char('A' + number);
    };
    const auto let_them_begin = []() -> task<> {
        for (int rounds = 0; rounds < 10; ++rounds)
            co_await let_others_run();
    };
    const auto body = [&](scope& children) -> task<> {
        const auto handling =
            number_signal(object, "number").connect(children, handler, {.restart = true});
        emit(object, 0);
        co_await let_them_begin();
        EXPECT_EQ(log, "a");
        emit(object, 1);
        emit(object, 2);
        emit(object, 3);
        co_await let_them_begin();
        EXPECT_EQ(log, "a-dD") << "those that were over before they began did not begin";
        emit(object, 3);
        co_await let_them_begin();
        EXPECT_EQ(log, "a-dDdD");
        handling.disconnect();
    };
    run(with_scope(body));
    EXPECT_EQ(log, "a-dDdD");
}

TEST(signal, lets_the_last_one_end_that_is_begun_anew_when_the_object_goes) {
    const test::own_context context;
    auto object = make_emitting_object();
    std::string log;
    const auto handler = [&](int) -> task<> {
        log += 'a';
        co_await let_others_run();
        log += 'A';
    };
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number").connect(children, handler, {.restart = true});
        emit(object, 0);
        object = nullptr;
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(log, "aA");
}

TEST(signal, fails_the_scope_when_one_that_is_begun_anew_fails) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto fails = [](int number) -> task<> {
        co_await let_others_run();
        throw std::runtime_error(std::to_string(number));
    };
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number").connect(children, fails, {.restart = true});
        emit(object, 0);
        co_await sleep_for(10s);
    };
    EXPECT_THROW(run(with_scope(body)), std::runtime_error);
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, is_named_of_whose_handlers_failures_after_the_first_are_not_observed) {
    const test::own_context context;
    const auto object = make_emitting_object();
    static std::vector<std::string> warnings;
    const auto collect = [](const char*, GLogLevelFlags, const char* message, gpointer) {
        warnings.emplace_back(message);
    };
    g_log_set_default_handler(collect, nullptr);
    const auto fails = [](int number) -> task<> {
        const auto cut_short = co_await as_result(sleep_for(1ms));
        throw std::runtime_error(std::to_string(number));
    };
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number::of").connect(children, fails, {.side_by_side = true});
        for (int number = 1; number <= 2; ++number)
            g_signal_emit_by_name(object, "number::of", number);
        co_await sleep_for(10s);
    };
    EXPECT_THROW(run(with_scope(body)), std::runtime_error);
    g_log_set_default_handler(g_log_default_handler, nullptr);
    EXPECT_EQ(std::exchange(warnings, {}),
              (std::vector<std::string>{"gawait: nobody observed the exception that ended a "
                                        "handler of the signal 'number::of': 2"}));
}

TEST(signal, gets_the_answer_of_a_function_within_the_emission) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&](scope& children) -> task<> {
        std::string heard;
        const auto handling =
            asking_signal(object, "asks").connect(children, [&](const unique_string& question) {
                heard = question.get();
                return heard == "yes";
            });
        gboolean answer = FALSE;
        g_signal_emit_by_name(object, "asks", "yes", &answer);
        EXPECT_TRUE(answer);
        g_signal_emit_by_name(object, "asks", "no", &answer);
        EXPECT_FALSE(answer);
        EXPECT_EQ(heard, "no");
        handling.disconnect();
        co_return;
    };
    run(with_scope(body));
    EXPECT_FALSE(is_connected(object, "asks"));
}

TEST(signal, may_be_disconnected_within_its_own_handler) {
    const test::own_context context;
    const auto object = make_emitting_object();
    int calls = 0;
    int runs = 0;
    signal_handler function;
    signal_handler coroutine;
    const auto once = [&](int) -> task<> {
        ++runs;
        coroutine.disconnect();
        co_await let_others_run();
    };
    const auto body = [&](scope& children) -> task<> {
        function = number_signal(object, "number").connect(children, [&](int) {
            ++calls;
            function.disconnect();
        });
        coroutine = number_signal(object, "number").connect(children, once);
        emit(object, 1);
        emit(object, 2);
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(runs, 1) << "what was kept does not begin";
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, whose_handler_throws_fails_in_the_scope_and_is_disconnected) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto fails = [&](auto handler) {
        const auto body = [&](scope& children) -> task<> {
            number_signal(object, "number").connect(children, handler);
            emit(object, 1);
            emit(object, 2);
            co_await sleep_for(10s);
        };
        try {
            run(with_scope(body));
        } catch (const std::runtime_error& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    EXPECT_EQ(fails([](int number) { throw std::runtime_error(std::to_string(number)); }), "1");
    EXPECT_EQ(fails([](int number) -> task<> {
                  co_await let_others_run();
                  throw std::runtime_error(std::to_string(number));
              }),
              "1");
    EXPECT_FALSE(is_connected(object, "number"));
}

TEST(signal, ends_its_handlers_with_the_object_after_what_is_kept) {
    const test::own_context context;
    auto object = make_emitting_object();
    std::vector<int> handled;
    const auto handler = [&](int number) -> task<> {
        co_await let_others_run();
        handled.push_back(number);
    };
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number").connect(children, handler);
        number_signal(object, "number").connect(children, [](int) {});
        emit(object, 1);
        emit(object, 2);
        object = {};
        co_return;
    };
    run(with_scope(body));
    EXPECT_EQ(handled, (std::vector{1, 2}));
}

TEST(signal, runs_a_coroutine_in_the_thread_of_the_scope_and_a_function_in_that_of_the_emission) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::thread::id called;
    std::thread::id ran;
    const auto body = [&](scope& children) -> task<> {
        number_signal(object, "number").connect(children, [&](int) {
            called = std::this_thread::get_id();
        });
        const auto handler = [&](int) -> task<> {
            ran = std::this_thread::get_id();
            children.cancel();
            co_return;
        };
        number_signal(object, "number").connect(children, handler);
        std::thread::id emitting;
        co_await to_thread([&] {
            emitting = std::this_thread::get_id();
            emit(object, 1);
        });
        EXPECT_EQ(called, emitting);
    };
    run(with_scope(body));
    EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST(signal, calls_no_function_any_more_after_the_scope_though_a_thread_goes_on_emitting) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::atomic<bool> stop{false};
    std::thread emitting([&] {
        while (!stop)
            emit(object, 1);
    });
    for (int round = 0; round < 20; ++round) {
        const auto body = [&](scope& children) -> task<> {
            auto calls = std::make_unique<std::atomic<int>>(0);
            const auto handling = number_signal(object, "number").connect(children, [&](int) {
                ++*calls; // which is gone after the scope
            });
            while (*calls == 0)
                co_await yield();
            handling.disconnect();
        };
        run(with_scope(body));
    }
    stop = true;
    emitting.join();
}

TEST(signal, that_was_moved_from_is_refused) {
    const test::own_context context;
    const auto refused = [](auto does) {
        try {
            does();
        } catch (const error& refusal) {
            return refusal.matches(G_IO_ERROR_INVALID_ARGUMENT);
        }
        return false;
    };
    object_signal<void()> signal(make_emitting_object(), "plain");
    auto emissions = signal.emissions();
    const auto moved_signal = std::move(signal);
    EXPECT_TRUE(refused([&] { run([](auto& used) -> task<> { co_await used; }(signal)); }));
    EXPECT_TRUE(refused([&] { (void)signal.emissions(); }));
    const auto connect = [&](auto handler) {
        run(with_scope([&](scope& children) -> task<> {
            signal.connect(children, handler);
            co_return;
        }));
    };
    EXPECT_TRUE(refused([&] { connect([] {}); }));
    EXPECT_TRUE(refused([&] { connect([]() -> task<> { co_return; }); }));

    const auto moved_emissions = std::move(emissions);
    EXPECT_TRUE(refused([&] { (void)emissions.next(); }));
    EXPECT_TRUE(refused([&] { emissions.dropped(); }));
    EXPECT_TRUE(refused([&] { emissions.closed(); }));
    emissions.close();
    EXPECT_FALSE(moved_emissions.closed());
}

} // namespace
} // namespace gawait
