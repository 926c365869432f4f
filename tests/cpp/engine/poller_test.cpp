#include "gawait/engine/engine.hpp"

#include "support/child_process.hpp"
#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

// The thread sanitizer expects no threads in a child that was forked from a process
// that has several.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::block_until;
using test::descriptor_pair;
using test::in_child;
using test::own_context;
using test::succeeded;
using test::watcher;

struct engine_fork : test::engine_fixture {
    descriptor_pair pipe = descriptor_pair::pipe();
    int timer_ran = 0, watch_ran = 0, job_ran = 0;
    alarm timed{[this] { ++timer_ran; }};
    action posted{[this] { ++job_ran; }};
    watcher readable{pipe.first.get(), G_IO_IN, [this](watcher& self) {
                         ++watch_ran;
                         home->unwatch(self);
                     }};

    /// Uses everything that the engine has, blocking in between.
    bool use_all(descriptor_pair& fresh) {
        bool fresh_ran = false;
        watcher other(fresh.first.get(), G_IO_IN, [&](watcher& self) {
            fresh_ran = true;
            home->unwatch(self);
        });
        home->watch(other);
        alarm soon([&] { fresh.second.write("x"); });
        home->start(soon, clock::now() + 2ms);
        if (!until([&] { return fresh_ran; }))
            return false;
        bool ran = false;
        action from_thread([&] { ran = true; });
        std::thread poster([&] {
            std::this_thread::sleep_for(2ms); // so that the loop blocks
            home->post(from_thread);
        });
        const bool woken = until([&] { return ran; });
        poster.join();
        return woken;
    }
};

TEST_F(engine_fork, the_child_goes_on_with_what_was_pending) {
    home->start(timed, clock::now() + 5ms);
    home->watch(readable);
    settle(); // so that all is armed before
    const pid_t child = in_child([&] {
        const bool timer = until([&] { return timer_ran == 1; });
        pipe.second.write("x");
        return timer && until([&] { return watch_ran == 1; });
    });
    EXPECT_TRUE(succeeded(child));
    home->unwatch(readable);
    home->cancel(timed);
}

TEST_F(engine_fork, the_child_can_use_all_of_the_engine) {
    settle();
    auto fresh = descriptor_pair::pipe();
    EXPECT_TRUE(succeeded(in_child([&] { return use_all(fresh); })));
    EXPECT_TRUE(use_all(fresh)); // and so can the parent afterwards
}

TEST_F(engine_fork, a_job_that_was_queued_runs_in_both) {
    home->post(posted);
    const pid_t child = in_child([&] { return until([&] { return job_ran == 1; }); });
    EXPECT_TRUE(succeeded(child));
    EXPECT_EQ(job_ran, 0);
    EXPECT_TRUE(until([&] { return job_ran == 1; }));
}

TEST_F(engine_fork, a_child_that_uses_the_engine_does_not_disturb_the_parent) {
    auto fresh = descriptor_pair::pipe();
    auto go_on = descriptor_pair::pipe();
    home->watch(readable);
    home->start(timed, clock::now() + 100ms);
    settle();
    const pid_t child = in_child([&] {
        // Takes back what is the parent's as well, and takes every event that comes.
        home->cancel(timed);
        home->unwatch(readable);
        const bool used = use_all(fresh);
        go_on.second.write("x");
        return used && timer_ran == 0 && watch_ran == 0;
    });
    EXPECT_TRUE(succeeded(child));
    EXPECT_EQ(go_on.first.read(), "x");
    EXPECT_TRUE(until([&] { return timer_ran == 1; }));
    pipe.second.write("x");
    EXPECT_TRUE(until([&] { return watch_ran == 1; }));
    std::thread poster([&] {
        std::this_thread::sleep_for(2ms);
        home->post(posted);
    });
    EXPECT_TRUE(until([&] { return job_ran == 1; }));
    poster.join();
}

TEST_F(engine_fork, a_parent_that_uses_the_engine_does_not_disturb_the_child) {
    auto fresh = descriptor_pair::pipe();
    auto start = descriptor_pair::pipe();
    home->start(timed, clock::now() + 1h);
    home->watch(readable);
    settle();
    const pid_t child = in_child([&] {
        bool started = false;
        watcher wait(start.first.get(), G_IO_IN, [&](watcher& self) {
            started = true;
            home->unwatch(self);
        });
        home->watch(wait);
        return until([&] { return started; }) && timed.pending() && readable.watching() &&
               use_all(fresh);
    });
    auto own = descriptor_pair::pipe();
    EXPECT_TRUE(use_all(own));
    home->cancel(timed);
    home->unwatch(readable);
    home = engine_ref();
    start.second.write("x");
    EXPECT_TRUE(succeeded(child));
    home = engine::get();
}

TEST_F(engine_fork, a_child_can_release_the_engine_and_the_context) {
    home->watch(readable);
    settle();
    const pid_t child = in_child([&] {
        home->unwatch(readable);
        home = engine_ref();
        const own_context fresh_context;
        home = engine::get();
        auto fresh = descriptor_pair::pipe();
        bool ran = false;
        alarm soon([&] { ran = true; });
        home->start(soon, clock::now() + 1ms);
        const bool in_time = block_until(fresh_context.get(), [&] { return ran; });
        home = engine_ref();
        return in_time;
    });
    EXPECT_TRUE(succeeded(child));
    pipe.second.write("x");
    EXPECT_TRUE(until([&] { return watch_ran == 1; }));
}

TEST_F(engine_fork, a_child_forked_from_inside_a_job_goes_on) {
    auto fresh = descriptor_pair::pipe();
    std::optional<pid_t> child;
    action forks([&] { child = in_child([&] { return use_all(fresh); }); });
    home->post(forks);
    EXPECT_TRUE(until([&] { return child.has_value(); }));
    EXPECT_TRUE(succeeded(*child));
    EXPECT_TRUE(use_all(fresh));
}

} // namespace
} // namespace gawait
