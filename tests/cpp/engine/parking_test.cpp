#include "gawait/engine/engine.hpp"

#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::always_ready;
using test::closing;
using test::descriptor_pair;
using test::watcher;

/// An engine that had nothing to do for a while, in a context that is kept busy by
/// something else and so never looks at a source of a worse priority.
struct engine_after_a_rest : test::engine_fixture {
    int elsewhere = 0;
    always_ready other{context.get(), G_PRIORITY_DEFAULT_IDLE, [this] { ++elsewhere; }};

    void SetUp() override {
        bool began = false;
        action begin([&] { began = true; });
        home->post(begin);
        ASSERT_TRUE(until([&] { return began; }));
        rest();
    }

    void rest() const {
        for (int left = 1000; left > 0; --left)
            g_main_context_iteration(context.get(), FALSE);
    }
};

TEST_F(engine_after_a_rest, has_not_kept_others_from_running) { EXPECT_GE(elsewhere, 900); }

TEST_F(engine_after_a_rest, has_no_source_of_a_priority_that_others_would_wait_for) {
    for (int left = 10; left > 0; --left) {
        ASSERT_TRUE(g_main_context_acquire(context.get()));
        int priority = 0;
        g_main_context_prepare(context.get(), &priority);
        g_main_context_release(context.get());
        EXPECT_EQ(priority, G_PRIORITY_DEFAULT_IDLE) << "that of the other source";
        g_main_context_iteration(context.get(), FALSE);
    }
}

TEST_F(engine_after_a_rest, a_job_posted_from_another_source_runs) {
    bool ran = false;
    bool posted = false;
    action work([&] { ran = true; });
    const always_ready posts(context.get(), G_PRIORITY_DEFAULT, [&] {
        if (!std::exchange(posted, true))
            home->post(work);
    });
    EXPECT_TRUE(until([&] { return ran; }));
}

TEST_F(engine_after_a_rest, a_job_posted_by_another_thread_runs) {
    for (int round = 0; round < 50; ++round) {
        std::atomic<bool> ran = false;
        action work([&] { ran = true; });
        std::thread posts([&] { home->post(work); });
        EXPECT_TRUE(until([&] { return ran.load(); }));
        posts.join();
        rest();
    }
}

TEST_F(engine_after_a_rest, a_better_job_posted_by_another_thread_runs) {
    std::atomic<bool> ran = false;
    action work([&] { ran = true; }, G_PRIORITY_HIGH);
    std::thread posts([&] { home->post(work); });
    EXPECT_TRUE(until([&] { return ran.load(); }));
    posts.join();
}

TEST_F(engine_after_a_rest, a_timer_expires) {
    bool expired = false;
    alarm timer([&] { expired = true; });
    home->start(timer, clock::now() + 1ms);
    EXPECT_TRUE(until([&] { return expired; }));
}

TEST_F(engine_after_a_rest, a_watch_is_called) {
    const auto pipe = descriptor_pair::pipe();
    bool called = false;
    watcher watch(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        called = true;
        home->unwatch(self);
    });
    home->watch(watch);
    pipe.second.write("x");
    EXPECT_TRUE(until([&] { return called; }));
}

TEST_F(engine_after_a_rest, its_hooks_are_called_when_the_context_is_destroyed) {
    bool called = false;
    closing hook([&] { called = true; });
    auto short_lived = ref<GMainContext>::adopt(g_main_context_new());
    const engine_ref rested = engine::get(short_lived);
    rested->add(hook);
    const always_ready busy(short_lived, G_PRIORITY_DEFAULT, [] {});
    for (int left = 1000; left > 0; --left)
        g_main_context_iteration(short_lived, FALSE);
    short_lived = nullptr;
    EXPECT_TRUE(called);
}

} // namespace
} // namespace gawait
