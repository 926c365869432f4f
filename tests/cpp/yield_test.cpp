#include "gawait/yield.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/when_all.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gawait {
namespace {

using test::note;

task<> note_every_round(char name, int rounds, std::string& log) {
    for (int round = 0; round < rounds; ++round) {
        log += name;
        co_await yield();
    }
}

/// A GLib source, ready at once, that writes to a log.
class noting_source {
public:
    noting_source(GMainContext* context, int priority, char name, std::string& log)
        : name_(name), log_(log) {
        g_source_set_priority(source_, priority);
        g_source_set_callback(
            source_,
            [](gpointer data) -> gboolean {
                auto& self = *static_cast<noting_source*>(data);
                self.log_ += self.name_;
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        g_source_attach(source_, context);
    }

    noting_source(const noting_source&) = delete;
    noting_source& operator=(const noting_source&) = delete;
    ~noting_source() { g_source_destroy(source_); }

private:
    ref<GSource> source_ = ref<GSource>::adopt(g_idle_source_new());
    char name_;
    std::string& log_;
};

TEST(yield, takes_turns_with_others_in_order) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        co_await when_all(note_every_round('a', 3, log), note_every_round('b', 3, log),
                          note_every_round('c', 3, log));
    };
    run(body());
    EXPECT_EQ(log, "abcabcabc");
}

TEST(yield, lets_everything_run_first_that_is_queued_by_now) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        const auto first = spawn(note('1', log));
        const auto second = spawn(note('2', log));
        co_await yield();
        log += 'y';
    };
    run(body());
    EXPECT_EQ(log, "12y");
}

TEST(yield, goes_on_before_what_is_queued_after_it) {
    const test::own_context context;
    std::string log;
    const auto spawner = [&]() -> task<> {
        const auto later = spawn(note('l', log));
        co_await later;
    };
    const auto body = [&]() -> task<> {
        const auto spawning = spawn(spawner());
        co_await yield(); // the spawner runs now, and spawns behind this
        log += 'y';
        co_await spawning;
    };
    run(body());
    EXPECT_EQ(log, "yl");
}

TEST(yield, lets_a_ready_source_of_a_better_priority_run_first) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        const noting_source redraw(context.get(), G_PRIORITY_HIGH_IDLE + 20, 'r', log);
        co_await yield(G_PRIORITY_DEFAULT_IDLE);
        log += 'y';
    };
    run(body());
    EXPECT_EQ(log, "ry");
}

TEST(yield, goes_on_before_a_ready_source_of_a_worse_priority) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        const noting_source low(context.get(), G_PRIORITY_LOW, 'l', log);
        co_await yield(G_PRIORITY_DEFAULT_IDLE);
        log += 'y';
        co_await yield(G_PRIORITY_LOW + 1);
    };
    run(body());
    EXPECT_EQ(log, "yl");
}

TEST(yield, of_different_priorities_go_on_in_the_order_of_these) {
    const test::own_context context;
    std::string log;
    const auto yielder = [&](int priority, char name) -> task<> {
        co_await yield(priority);
        log += name;
    };
    // Worse than what a turn that is spent goes on with.
    constexpr int idle = engine::continuation_priority + 10;
    const auto body = [&]() -> task<> {
        co_await when_all(yielder(G_PRIORITY_LOW, 'l'), yielder(G_PRIORITY_DEFAULT, 'd'),
                          yielder(G_PRIORITY_HIGH, 'h'), yielder(idle, 'i'),
                          yielder(G_PRIORITY_HIGH, 'H'));
    };
    run(body());
    EXPECT_EQ(log, "hHdil");
}

TEST(yield, keeps_its_order_within_a_priority) {
    const test::own_context context;
    std::string log;
    const auto yielder = [&](char name) -> task<> {
        for (int round = 0; round < 3; ++round) {
            co_await yield(G_PRIORITY_DEFAULT_IDLE);
            log += name;
        }
    };
    const auto body = [&]() -> task<> {
        co_await when_all(yielder('a'), yielder('b'), yielder('c'));
    };
    run(body());
    EXPECT_EQ(log, "abcabcabc");
}

TEST(yield, of_a_cancelled_task_throws_without_going_round) {
    const test::own_context context;
    std::string log;
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        const auto other = spawn(note('o', log));
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(yield())).was_cancelled());
        EXPECT_EQ(log, "");
    };
    run(body());
}

TEST(yield, throws_when_the_task_is_cancelled_meanwhile) {
    const test::own_context context;
    const auto yielder = [](int priority) -> task<> { co_await yield(priority); };
    const auto body = [&]() -> task<> {
        for (const int priority : {G_PRIORITY_DEFAULT, G_PRIORITY_LOW}) {
            const auto yielding = spawn(yielder(priority));
            co_await yield(); // the other is in its yield now
            yielding.cancel();
            EXPECT_TRUE((co_await as_result(yielding)).was_cancelled());
        }
    };
    run(body());
}

TEST(yield, in_a_long_loop_uses_no_stack) {
    const test::own_context context;
    std::string log;
    run(note_every_round('a', 200'000, log));
    EXPECT_EQ(log.size(), 200'000U);
}

} // namespace
} // namespace gawait
