#include "gawait/testing/virtual_time.hpp"

#include "gawait/child_exit.hpp"
#include "gawait/fd.hpp"
#include "gawait/interval.hpp"
#include "gawait/result.hpp"
#include "gawait/resume_on.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/thread_channel.hpp"
#include "gawait/thread_event.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/with_timeout.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::filler;

struct virtual_time_test : ::testing::Test {
    test::own_context context;
    std::optional<virtual_time> time{std::in_place};
    engine_ref home = engine::get();

    const clock::time_point began = now();
    clock::duration passed() const { return now() - began; }
};

/// Two sockets that are connected to each other.
class socket_pair {
public:
    socket_pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0); }
    socket_pair(const socket_pair&) = delete;
    socket_pair& operator=(const socket_pair&) = delete;
    ~socket_pair() {
        for (const int end : ends_)
            ::close(end);
    }

    void send() const { EXPECT_EQ(::write(ends_[0], "!", 1), 1); }
    task<> receive() const {
        co_await readable(ends_[1]);
        char byte = 0;
        EXPECT_EQ(::read(ends_[1], &byte, 1), 1);
    }

private:
    std::array<int, 2> ends_{};
};

void work_for_a_while() { std::this_thread::sleep_for(20ms); }

template <class T> bool timed_out(const result<T>& outcome) {
    return outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT);
}

// What follows it --------------------------------------------------------------------

TEST_F(virtual_time_test, a_sleep_takes_its_time_exactly) {
    run(sleep_for(1h));
    EXPECT_EQ(passed(), 1h);
    run(sleep_until(began + 24h));
    EXPECT_EQ(passed(), 24h);
}

TEST_F(virtual_time_test, stands_still_while_the_program_works) {
    work_for_a_while();
    EXPECT_EQ(passed(), 0s);
    const auto body = []() -> task<> {
        co_await sleep_for(1s);
        work_for_a_while();
        co_await sleep_for(1s);
    };
    run(body());
    EXPECT_EQ(passed(), 2s);
}

TEST_F(virtual_time_test, a_thousand_sleeps_end_in_the_order_of_their_times) {
    std::minstd_rand random(1); // NOLINT(cert-msc51-cpp): the same each time
    std::uniform_int_distribution<int> minutes(0, 100'000);
    std::vector<int> ended;
    const auto sleep = [&](int length) -> task<> {
        co_await sleep_for(std::chrono::minutes(length));
        EXPECT_EQ(passed(), std::chrono::minutes(length));
        ended.push_back(length);
    };
    run(with_scope([&](scope& all) -> task<> {
        for (int count = 0; count < 1000; ++count)
            all.spawn(sleep(minutes(random)));
        co_return;
    }));
    EXPECT_EQ(ended.size(), 1000u);
    EXPECT_TRUE(std::ranges::is_sorted(ended));
}

TEST_F(virtual_time_test, sleeps_that_end_at_the_same_time_end_in_the_order_of_their_start) {
    std::string log;
    const auto sleep = [&log](char name, std::vector<clock::duration> lengths) -> task<> {
        for (const auto length : lengths)
            co_await sleep_for(length);
        log += name;
    };
    run(when_all(sleep('a', {3s}), sleep('b', {1s, 2s}), sleep('c', {2s, 1s})));
    EXPECT_EQ(log, "abc");
}

TEST_F(virtual_time_test, a_time_out_comes_in_it) {
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(1h, sleep_for(2h))))));
    EXPECT_EQ(passed(), 1h);
    run(with_timeout(2h, sleep_for(1h)));
    EXPECT_EQ(passed(), 2h);
}

TEST_F(virtual_time_test, intervals_follow_it) {
    const auto body = [this]() -> task<> {
        interval every(1min);
        for (int count = 1; count <= 10; ++count) {
            co_await every.next();
            EXPECT_EQ(passed(), count * 1min);
            co_await sleep_for(20s);
        }
    };
    run(body());
}

// What is in flight ------------------------------------------------------------------

TEST_F(virtual_time_test, does_not_jump_while_an_operation_is_in_flight) {
    filler slow{.length = 20ms};
    run(with_timeout(1h, test::fill_frame(slow)));
    EXPECT_EQ(slow.ended, 1);
    EXPECT_LT(passed(), 1h);
}

TEST_F(virtual_time_test, goes_on_as_the_real_one_while_an_operation_is_in_flight) {
    filler endless{.length = 1h};
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(20ms, test::fill_frame(endless))))));
    EXPECT_GE(passed(), 20ms);
}

TEST_F(virtual_time_test, jumps_again_when_nothing_is_in_flight_any_more) {
    filler slow{.length = 5ms};
    const auto body = [&]() -> task<> {
        co_await test::fill_frame(slow);
        co_await sleep_for(1h);
    };
    run(with_timeout(2h, body()));
    EXPECT_GE(passed(), 1h);
    EXPECT_LT(passed(), 2h);
}

TEST_F(virtual_time_test, does_not_jump_while_a_thread_works_for_a_task) {
    EXPECT_EQ(run(with_timeout(1h, to_thread([] {
                                   work_for_a_while();
                                   return 5;
                               }))),
              5);
}

TEST_F(virtual_time_test, does_not_jump_while_a_task_runs_on_another_context) {
    const test::loop_thread other;
    const auto join = [&]() -> task<> {
        co_await spawn_on(other.context(), []() -> task<> { co_await sleep_for(20ms); });
    };
    run(with_timeout(1h, join()));
}

TEST_F(virtual_time_test, does_not_jump_while_a_coroutine_is_on_another_context) {
    const test::loop_thread other;
    const auto there_and_back = [&]() -> task<> {
        co_await resume_on(other.context());
        work_for_a_while();
        co_await resume_on(context.get());
        EXPECT_LT(passed(), 1h);
        co_await sleep_for(1h);
    };
    run(with_timeout(2h, there_and_back()));
    EXPECT_EQ(home->flights(), 0u);
}

TEST_F(virtual_time_test, does_not_jump_while_another_thread_may_send_or_set) {
    thread_channel<int> channel(1);
    thread_event event;
    std::thread other([&] {
        work_for_a_while();
        channel.try_send(5);
        work_for_a_while();
        event.set();
    });
    const auto body = [&]() -> task<> {
        EXPECT_EQ(co_await channel.receive(), 5);
        co_await event.wait();
    };
    run(with_timeout(1h, body()));
    other.join();
}

TEST_F(virtual_time_test, does_not_jump_while_a_child_process_is_waited_for) {
    std::string shell = "/bin/sh", option = "-c", script = "sleep 0.02; exit 3";
    std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
    GPid pid = 0;
    ASSERT_TRUE(g_spawn_async(nullptr, arguments.data(), nullptr, G_SPAWN_DO_NOT_REAP_CHILD,
                              nullptr, nullptr, &pid, nullptr));
    EXPECT_EQ(WEXITSTATUS(run(with_timeout(1h, child_exit(pid)))), 3);
}

TEST_F(virtual_time_test, does_not_jump_while_it_is_told_that_something_is_in_flight) {
    const socket_pair pair;
    std::thread other([&] {
        work_for_a_while();
        pair.send();
    });
    const auto body = [&]() -> task<> {
        const flight on_its_way = time->in_flight();
        co_await pair.receive();
    };
    run(with_timeout(1h, body()));
    other.join();
}

TEST_F(virtual_time_test, jumps_while_a_descriptor_is_watched_that_nothing_comes_from) {
    const socket_pair pair;
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(1h, pair.receive())))));
    EXPECT_EQ(passed(), 1h);
}

TEST_F(virtual_time_test, what_a_task_has_sent_to_another_is_seen_before_it_jumps) {
    const socket_pair pair;
    const auto send = [&]() -> task<> {
        for (int count = 0; count < 100; ++count) {
            co_await sleep_for(1s);
            pair.send();
        }
    };
    const auto receive = [&]() -> task<> {
        for (int count = 1; count <= 100; ++count) {
            co_await with_timeout(1001ms, pair.receive());
            EXPECT_EQ(passed(), count * 1s);
        }
    };
    run(when_all(send(), receive()));
}

TEST_F(virtual_time_test, sources_of_any_priority_come_before_it_jumps) {
    bool dispatched = false;
    const auto source = ref<GSource>::adopt(g_idle_source_new());
    g_source_set_priority(source, G_PRIORITY_LOW + 1000);
    g_source_set_callback(
        source,
        [](gpointer seen) -> gboolean {
            *static_cast<bool*>(seen) = true;
            return G_SOURCE_REMOVE;
        },
        &dispatched, nullptr);
    g_source_attach(source, context.get());
    run(sleep_for(1ns));
    EXPECT_TRUE(dispatched);
}

TEST_F(virtual_time_test, nothing_stays_in_flight_of_what_has_ended) {
    const test::loop_thread other;
    thread_event never;
    filler quick{.length = 0ms}, slow{.length = 1h}, late{.length = 1h, .late = 5ms};
    const auto fails = []() -> task<> {
        co_await to_thread([] { throw std::runtime_error("in the thread"); });
    };
    run(test::fill_frame(quick));
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(1ms, test::fill_frame(slow))))));
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(1ms, test::fill_frame(late))))));
    EXPECT_THROW(run(fails()), std::runtime_error);
    EXPECT_TRUE(timed_out(run(as_result(with_timeout(1ms, never.wait())))));
    const auto hop = [&]() -> task<> { co_await resume_on(other.context()); };
    run(hop());
    EXPECT_EQ(home->flights(), 0u);
}

// Its beginning and end ----------------------------------------------------------------

TEST_F(virtual_time_test, when_it_ends_timers_keep_the_time_that_is_left_and_go_on_really) {
    const auto slept = spawn(sleep_for(1h + 5ms));
    run(sleep_for(1h));
    time.reset();
    EXPECT_GE(passed(), 1h);
    const auto join = [&]() -> task<> { co_await slept; };
    run(join());
    EXPECT_GE(passed(), 1h + 5ms);
    EXPECT_LT(passed(), 2h);
}

TEST_F(virtual_time_test, never_goes_back) {
    auto latest = now();
    const auto check = [&] { EXPECT_GE(now(), std::exchange(latest, now())); };
    for (int count = 0; count < 10; ++count) {
        run(sleep_for(1h));
        check();
        time.reset();
        check();
        work_for_a_while();
        time.emplace();
        check();
    }
}

TEST_F(virtual_time_test, begins_with_timers_that_are_pending) {
    time.reset();
    const auto slept = spawn(sleep_for(1h));
    time.emplace();
    const auto join = [&]() -> task<> { co_await slept; };
    run(join());
    EXPECT_GE(passed(), 1h);
}

TEST_F(virtual_time_test, is_there_once_for_a_context) {
    try {
        const virtual_time second;
        FAIL() << "there are two";
    } catch (const error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_EXISTS));
    }
    run(sleep_for(1h)); // the first is there yet
    EXPECT_EQ(passed(), 1h);
}

TEST_F(virtual_time_test, is_refused_for_a_context_that_another_thread_owns) {
    const test::loop_thread other;
    run(to_thread([] {})); // by when it iterates
    while (g_main_context_acquire(other.context())) {
        g_main_context_release(other.context());
        std::this_thread::yield();
    }
    EXPECT_THROW(const virtual_time theirs(other.context()), error);
}

TEST_F(virtual_time_test, is_of_one_context_and_no_other) {
    {
        const test::own_context second;
        const auto before = clock::now();
        const auto here = now();
        EXPECT_TRUE(before <= here && here <= clock::now());
        run(sleep_for(1ms));
        EXPECT_GE(clock::now() - before, 1ms);
    }
    EXPECT_EQ(passed(), 0s);
}

TEST_F(virtual_time_test, two_contexts_of_two_threads_have_each_their_own) {
    run(sleep_for(1h));
    const auto elsewhere = run(to_thread([] {
        const test::own_context second;
        const virtual_time theirs;
        const auto before = now();
        run(sleep_for(100h));
        return now() - before;
    }));
    EXPECT_EQ(elsewhere, 100h);
    EXPECT_LT(passed(), 2h);
}

TEST_F(virtual_time_test, of_a_context_that_is_destroyed_ends_all_the_same) {
    std::optional<test::own_context> second(std::in_place);
    std::optional<virtual_time> theirs(second->get());
    const auto cancelled = spawn(sleep_for(1h));
    second.reset();
    EXPECT_TRUE(cancelled.done());
    theirs.reset();
}

TEST_F(virtual_time_test, is_that_of_who_iterates_a_context_that_is_not_the_thread_default_one) {
    const auto other = ref<GMainContext>::adopt(g_main_context_new());
    std::optional<virtual_time> theirs(other.get());
    const auto theirs_began = engine::find(other)->now();
    filler quick{.length = 0ms};
    const auto body = [&]() -> task<> {
        co_await test::fill_frame(quick); // resumed by a callback of GIO's
        co_await sleep_for(1h);
    };
    g_main_context_pop_thread_default(context.get());
    const auto slept = spawn_on(other, body());
    while (!slept.done())
        g_main_context_iteration(other, TRUE);
    g_main_context_push_thread_default(context.get());
    EXPECT_GE(engine::find(other)->now() - theirs_began, 1h);
    EXPECT_LT(engine::find(other)->now() - theirs_began, 2h);
    theirs.reset();
}

} // namespace
} // namespace gawait
