#include "gawait/dump_tasks.hpp"

#include "gawait/async.hpp"
#include "gawait/async_generator.hpp"
#include "gawait/channel.hpp"
#include "gawait/event.hpp"
#include "gawait/fd.hpp"
#include "gawait/mutex.hpp"
#include "gawait/named.hpp"
#include "gawait/produce.hpp"
#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/thread_event.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/descriptors.hpp"
#include "support/late_operation.hpp"
#include "support/loop.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::fill_async;
using gawait::test::fill_finish;
using gawait::test::fill_frame;
using gawait::test::filler;
using gawait::test::loop_thread;
using gawait::test::own_context;

namespace {

/// What is dumped, with "..." for each time.
std::string dumped_text(GMainContext* of = nullptr) {
    return std::regex_replace(format_tasks(of), std::regex("[0-9.]+ m?s\\b"), "...");
}

/// Tasks that are ended at the end of its life, which is to be that of what they use.
class begun_tasks {
public:
    explicit begun_tasks(const own_context& context) : context_(context) {}
    begun_tasks(const begun_tasks&) = delete;
    begun_tasks& operator=(const begun_tasks&) = delete;

    ~begun_tasks() {
        for (const auto& cancel : cancels_)
            cancel();
        EXPECT_TRUE(context_.iterate_until([&] { return dumped_text().empty(); }));
    }

    template <class Awaitable> void add(Awaitable begins) {
        auto handle = spawn(std::move(begins));
        const auto kept = std::make_shared<decltype(handle)>(std::move(handle));
        cancels_.emplace_back([kept] { kept->cancel(); });
        context_.iterate_while_ready();
    }

private:
    const own_context& context_;
    std::vector<std::function<void()>> cancels_;
};

class dump_tasks_test : public testing::Test {
protected:
    own_context context;
};

} // namespace

namespace dumped {

task<> inner(filler& how) { co_await fill_frame(how); }
task<> outer(filler& how) { co_await inner(how); }

task<> lock_both(mutex& first, mutex& second) {
    auto one = co_await first.lock();
    auto other = co_await second.lock();
}

async_generator<int> numbers(filler& how) {
    co_yield 1;
    co_await fill_frame(how);
    co_yield 2;
}

task<> add_up(filler& how) {
    auto all = numbers(how);
    while (co_await all.next()) {
    }
}

task<> in_scope(filler& how) {
    co_await with_scope([&](scope& children) -> task<> {
        children.spawn(add_up(how));
        co_return;
    });
}

task<> all_of(filler& how) { co_await when_all(in_scope(how), sleep_for(1h)); }

template <class T> task<> wait_for_ever(T& waited_for) { co_await waited_for.wait(); }
task<> receive(channel<int>& from) { static_cast<void>(co_await from.receive()); }
task<> join(const join_handle<void>& awaited) { (void)co_await as_result(awaited); }
task<> sleep_an_hour() { co_await sleep_for(1h); }

async_generator<int> two_values(event& between) {
    co_yield 1;
    co_await between.wait();
    co_yield 2;
}

task<> look(std::string& seen, GMainContext* context = nullptr) {
    co_await yield();
    seen = format_tasks(context);
}

task<> hop(GMainContext* there, std::string& seen) {
    co_await resume_on(there);
    co_await when_all(sleep_for(20ms), look(seen, there));
}

task<> pass(event& gate) { co_await gate.wait(); }

void pass_async(event* gate, GCancellable* stop, GAsyncReadyCallback ready, gpointer data);

using passing = async_pair<void, pass_async>;

void pass_async(event* gate, GCancellable* stop, GAsyncReadyCallback ready, gpointer data) {
    passing::start({nullptr, G_PRIORITY_DEFAULT, stop, ready, data}, pass(*gate));
}

gboolean pass_finish(GAsyncResult* result, GError** failure) {
    return passing::finish(nullptr, result, failure);
}

task<> call_back_and_forth(event& gate) { co_await async<void>(pass_async, pass_finish, &gate); }

} // namespace dumped

TEST_F(dump_tasks_test, shows_nothing_where_nothing_is_awaited) {
    EXPECT_EQ(dumped_text(), "");
    const auto home = engine::get();
    EXPECT_EQ(dumped_text(), "");
}

TEST_F(dump_tasks_test, shows_who_awaits_whom_down_to_the_operation) {
    filler how;
    begun_tasks tasks(context);
    tasks.add(dumped::outer(how));
    EXPECT_EQ(dumped_text(), "dumped::outer\n"
                             "  dumped::inner\n"
                             "    gawait::test::fill_frame\n"
                             "      awaits gawait::test::fill_async, in flight for ...\n");
}

TEST_F(dump_tasks_test, shows_an_operation_of_gios_by_the_name_of_its_function) {
    const auto file = ref<GFile>::adopt(g_file_new_for_path("/"));
    std::string seen;
    const auto look = [&]() -> task<> {
        co_await async(g_file_query_info_async, g_file_query_info_finish, file, "standard::name",
                       G_FILE_QUERY_INFO_NONE);
    };
    const auto looks = spawn(look);
    while (seen.empty() && g_main_context_iteration(context.get(), FALSE))
        seen = dumped_text();
    EXPECT_TRUE(context.iterate_until([&] { return looks.done(); }));
    EXPECT_NE(seen.find("  awaits g_file_query_info_async, in flight for ...\n"), seen.npos)
        << seen;
}

TEST_F(dump_tasks_test, knows_an_operation_begun_by_a_lambda_by_its_finish_function) {
    filler how;
    std::array<char, 8> buffer{};
    const auto start = [&](GCancellable* stop, GAsyncReadyCallback ready, gpointer data) {
        fill_async(&how, buffer.data(), buffer.size(), stop, ready, data);
    };
    const auto fill = [&]() -> task<> { co_await async(start, fill_finish); };
    begun_tasks tasks(context);
    tasks.add(fill());
    EXPECT_NE(dumped_text().find(
                  "awaits an operation that gawait::test::fill_finish ends, in flight for ...\n"),
              std::string::npos)
        << dumped_text();
}

TEST_F(dump_tasks_test, shows_what_runs_side_by_side_below_who_awaits_it) {
    filler how;
    begun_tasks tasks(context);
    tasks.add(dumped::all_of(how));
    EXPECT_EQ(dumped_text(), "dumped::all_of\n"
                             "  when_all\n"
                             "    awaits a timer that is due in ..., for ...\n"
                             "    dumped::in_scope\n"
                             "      with_scope\n"
                             "        dumped::add_up\n"
                             "          dumped::numbers\n"
                             "            gawait::test::fill_frame\n"
                             "              awaits gawait::test::fill_async, in flight for ...\n");
}

TEST_F(dump_tasks_test, says_what_is_waited_for) {
    mutex locked;
    event never;
    thread_event never_of_threads;
    channel<int> empty(0);
    const auto quiet = test::descriptor_pair::sockets();
    begun_tasks tasks(context);
    tasks.add(dumped::lock_both(locked, locked));
    tasks.add(dumped::wait_for_ever(never));
    tasks.add(dumped::wait_for_ever(never_of_threads));
    tasks.add(dumped::receive(empty));
    tasks.add(readable(quiet.first.get()));
    const auto forever = spawn(sleep_for(1h));
    tasks.add(dumped::join(forever));
    EXPECT_EQ(dumped_text(), "dumped::lock_both\n"
                             "  awaits a mutex, for ...\n"
                             "dumped::wait_for_ever<gawait::event>\n"
                             "  awaits an event, for ...\n"
                             "dumped::wait_for_ever<gawait::thread_event>\n"
                             "  awaits an event of any thread, for ...\n"
                             "dumped::receive\n"
                             "  awaits a value from a channel, for ...\n"
                             "a task\n"
                             "  awaits file descriptor " +
                                 std::to_string(quiet.first.get()) +
                                 ", to read, for ...\n"
                                 "a task\n"
                                 "  awaits a timer that is due in ..., for ...\n"
                                 "dumped::join\n"
                                 "  awaits the end of a spawned task, for ...\n");
    forever.cancel();
}

TEST_F(dump_tasks_test, says_what_runs_in_another_thread) {
    std::atomic<bool> goes_on{false};
    begun_tasks tasks(context);
    tasks.add(to_thread([&] {
        while (!goes_on)
            std::this_thread::sleep_for(1ms);
    }));
    EXPECT_EQ(dumped_text(), "a task\n"
                             "  awaits a function in another thread, for ...\n");
    goes_on = true;
}

TEST_F(dump_tasks_test, names_what_has_a_name) {
    filler how;
    begun_tasks tasks(context);
    tasks.add(named("the download", dumped::inner(how)));
    tasks.add(when_all(named("cover", fill_frame(how)), named("lyrics", sleep_for(1h))));
    EXPECT_EQ(dumped_text(), "the download: dumped::inner\n"
                             "  gawait::test::fill_frame\n"
                             "    awaits gawait::test::fill_async, in flight for ...\n"
                             "when_all\n"
                             "  cover: gawait::test::fill_frame\n"
                             "    awaits gawait::test::fill_async, in flight for ...\n"
                             "  lyrics\n"
                             "    awaits a timer that is due in ..., for ...\n");
}

TEST_F(dump_tasks_test, calls_a_task_of_a_scope_as_the_scope_was_told) {
    begun_tasks tasks(context);
    tasks.add(with_scope([](scope& children) -> task<> {
        children.spawn(dumped::sleep_an_hour(), "the clock");
        co_return;
    }));
    EXPECT_EQ(dumped_text(), "with_scope\n"
                             "  the clock: dumped::sleep_an_hour\n"
                             "    awaits a timer that is due in ..., for ...\n");
}

TEST_F(dump_tasks_test, shows_nothing_of_what_has_ended) {
    event gate;
    begun_tasks tasks(context);
    tasks.add(dumped::wait_for_ever(gate));
    gate.set();
    context.iterate_while_ready();
    EXPECT_EQ(dumped_text(), "");
}

TEST_F(dump_tasks_test, shows_nothing_of_what_was_cancelled) {
    filler how;
    const auto fills = spawn(dumped::outer(how));
    const auto sleeps = spawn(dumped::sleep_an_hour());
    context.iterate_while_ready();
    fills.cancel();
    sleeps.cancel();
    EXPECT_TRUE(context.iterate_until([&] { return fills.done() && sleeps.done(); }));
    EXPECT_EQ(dumped_text(), "");
}

TEST_F(dump_tasks_test, shows_a_generator_only_while_its_next_value_is_awaited) {
    event gate;
    std::string between;
    begun_tasks tasks(context);
    tasks.add([](event& waited_for, std::string& seen) -> task<> {
        auto values = dumped::two_values(waited_for);
        co_await values.next();
        seen = dumped_text();
        co_await values.next();
    }(gate, between));
    EXPECT_EQ(between.find("two_values"), std::string::npos);
    EXPECT_NE(dumped_text().find("\n  dumped::two_values\n    awaits an event"), std::string::npos)
        << dumped_text();
}

TEST_F(dump_tasks_test, shows_the_task_that_calls_it_as_running) {
    std::string seen;
    begun_tasks tasks(context);
    tasks.add(dumped::look(seen));
    EXPECT_EQ(seen, "dumped::look, running or about to\n");
}

TEST_F(dump_tasks_test, shows_a_call_whose_coroutine_does_not_wait_as_running) {
    std::string seen;
    event gate;
    test::callback_log log;
    async_call call = log.call();
    call.name = "look_async";
    test::work_async<int>(call, [&]() -> task<int> {
        co_await gate.wait();
        seen = dumped_text();
        co_return 1;
    });
    context.iterate_while_ready();
    gate.set();
    EXPECT_TRUE(context.iterate_until([&] { return log.calls() == 1; }));
    EXPECT_EQ(seen, "called as look_async, running or about to\n");
}

TEST_F(dump_tasks_test, works_in_the_callback_of_an_operation) {
    filler how;
    how.length = 1ms;
    std::string seen;
    const auto fill_and_look = [&]() -> task<> {
        co_await fill_frame(how);
        seen = dumped_text();
    };
    event never;
    begun_tasks tasks(context);
    tasks.add(dumped::wait_for_ever(never));
    tasks.add(fill_and_look());
    EXPECT_TRUE(context.iterate_until([&] { return !seen.empty(); }));
    EXPECT_NE(seen.find("dumped::wait_for_ever<gawait::event>\n  awaits an event"), seen.npos)
        << seen;
    EXPECT_NE(seen.find("operator(), running or about to\n"), seen.npos) << seen;
}

TEST_F(dump_tasks_test, shows_many) {
    event gate;
    const auto crowd = [&]() -> task<> {
        std::vector<task<>> all;
        for (int count = 0; count < 1000; ++count)
            all.push_back(dumped::wait_for_ever(gate));
        co_await when_all(std::move(all));
    };
    begun_tasks tasks(context);
    tasks.add(crowd());
    const std::string text = dumped_text();
    EXPECT_EQ(std::ranges::count(text, '\n'), 2 + 2 * 1000);
    gate.set();
}

TEST_F(dump_tasks_test, says_which_function_of_c_a_coroutine_answers) {
    event gate;
    test::callback_log log;
    async_call call = log.call();
    call.name = "count_words_async";
    test::work_async<int>(call, [&]() -> task<int> {
        co_await gate.wait();
        co_return 1;
    });
    context.iterate_while_ready();
    const std::string text = dumped_text();
    EXPECT_EQ(text.find("called as count_words_async\n"), 0U) << text;
    EXPECT_NE(text.find("awaits an event, for ...\n"), text.npos) << text;
    gate.set();
    EXPECT_TRUE(context.iterate_until([&] { return log.calls() == 1; }));
    EXPECT_EQ(dumped_text(), "");
}

TEST_F(dump_tasks_test, joins_what_awaits_a_function_of_c_with_the_coroutine_that_answers_it) {
    event gate;
    begun_tasks tasks(context);
    tasks.add(dumped::call_back_and_forth(gate));
    EXPECT_EQ(dumped_text(), "dumped::call_back_and_forth\n"
                             "  awaits dumped::pass_async, in flight for ...\n"
                             "    called as dumped::pass_async\n"
                             "      dumped::pass\n"
                             "        awaits an event, for ...\n");
    gate.set();
}

TEST_F(dump_tasks_test, shows_what_hopped_to_another_context_there) {
    loop_thread elsewhere;
    std::string seen_here, seen_there;
    const auto hops = spawn(dumped::hop(elsewhere.context(), seen_there));
    EXPECT_TRUE(context.iterate_until([&] { return hops.done(); }));
    EXPECT_NE(seen_there.find("awaits a timer"), seen_there.npos) << seen_there;
    EXPECT_NE(seen_there.find("dumped::hop"), seen_there.npos) << seen_there;
}

TEST_F(dump_tasks_test, refuses_the_context_of_another_thread) {
    const loop_thread elsewhere;
    const auto kept = engine::get(elsewhere.context());
    elsewhere.wait_until_it_runs();
    EXPECT_THROW(dumped_text(elsewhere.context()), error);
}

TEST_F(dump_tasks_test, writes_to_standard_error) {
    event never;
    begun_tasks tasks(context);
    tasks.add(dumped::wait_for_ever(never));
    testing::internal::CaptureStderr();
    dump_tasks();
    const std::string written = testing::internal::GetCapturedStderr();
    EXPECT_EQ(written.find("dumped::wait_for_ever<gawait::event>\n  awaits an event, for "), 0U)
        << written;
}
