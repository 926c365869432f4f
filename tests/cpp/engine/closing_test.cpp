#include "gawait/engine/engine.hpp"

#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/open_descriptors.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::closing;
using test::descriptor_pair;
using test::open_descriptors;
using test::watcher;

struct engine_close : testing::Test {
    ref<GMainContext> context = ref<GMainContext>::adopt(g_main_context_new());
    engine_ref home = engine::get(context);

    std::string log;

    std::function<void()> logs(char letter) {
        return [this, letter] { log += letter; };
    }
    void destroy_context() { context = nullptr; }
};

TEST_F(engine_close, an_engine_does_not_keep_its_context_alive) {
    bool destroyed = false;
    const auto source = ref<GSource>::adopt(g_idle_source_new());
    g_source_set_callback(
        source, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, &destroyed,
        [](gpointer flag) { *static_cast<bool*>(flag) = true; });
    g_source_attach(source, context);
    GMainContext* const address = context;
    destroy_context();
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(home->context(), nullptr);
    EXPECT_FALSE(engine::find(address));
}

TEST_F(engine_close, a_job_posted_too_late_is_refused_and_never_runs) {
    destroy_context();
    action late(logs('x')), from_thread(logs('y'));
    EXPECT_FALSE(home->post(late));
    std::thread([&] { EXPECT_FALSE(home->post(from_thread)); }).join();
    home = engine_ref();
    EXPECT_EQ(log, "");
}

TEST_F(engine_close, jobs_that_are_queued_still_run) {
    action posted(logs('a')), from_thread(logs('b')), worse(logs('c'), 10);
    home->post(posted);
    home->post(worse);
    std::thread([&] { home->post(from_thread); }).join();
    destroy_context();
    EXPECT_EQ(log, "abc");
}

TEST_F(engine_close, hooks_are_called_once_and_the_jobs_that_they_post_run) {
    action job_of_job(logs('c'));
    action job_of_hook([&] {
        log += 'b';
        EXPECT_TRUE(home->post(job_of_job));
    });
    closing hook([&] {
        log += 'a';
        EXPECT_TRUE(home->on_owner_thread());
        EXPECT_TRUE(home->post(job_of_hook));
    });
    home->add(hook);
    destroy_context();
    EXPECT_EQ(log, "abc");
    home->remove(hook); // has no effect
    home = engine_ref();
    EXPECT_EQ(log, "abc");
}

TEST_F(engine_close, hooks_that_were_removed_are_not_called) {
    closing first(logs('x')), second(logs('s')), third(logs('x'));
    home->add(first);
    home->add(second);
    home->add(third);
    home->remove(first);
    home->remove(third);
    home->remove(third);
    destroy_context();
    EXPECT_EQ(log, "s");
}

TEST_F(engine_close, hooks_may_remove_and_add_hooks) {
    closing removed(logs('x'));
    closing added(logs('b'));
    closing hook([&] {
        log += 'a';
        home->remove(removed);
        home->add(added);
    });
    home->add(removed);
    home->add(hook); // the latest comes first
    destroy_context();
    EXPECT_EQ(log, "ab");
}

TEST_F(engine_close, hooks_may_drop_the_last_reference) {
    const auto with_engine = open_descriptors();
    closing hook([&] {
        log += 'a';
        home = engine_ref();
    });
    home->add(hook);
    destroy_context();
    EXPECT_EQ(log, "a");
    EXPECT_LT(open_descriptors(), with_engine - 3); // those of the engine and the context
}

TEST_F(engine_close, neither_timers_nor_watches_go_on) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    alarm due(logs('x')), later(logs('x'));
    watcher readable(pipe.first.get(), G_IO_IN, [this](watcher&) { log += 'x'; });
    home->start(due, clock::time_point::min());
    home->start(later, clock::now() + 1h);
    home->watch(readable);
    destroy_context();
    EXPECT_EQ(log, "");
    EXPECT_FALSE(due.pending());
    EXPECT_FALSE(later.pending());
    EXPECT_FALSE(readable.watching());
    EXPECT_FALSE(home->cancel(later));
    home->unwatch(readable); // has no effect
}

TEST_F(engine_close, what_hooks_start_does_not_go_on_either) {
    const auto pipe = descriptor_pair::pipe();
    alarm work(logs('x'));
    watcher readable(pipe.first.get(), G_IO_IN, [this](watcher&) { log += 'x'; });
    closing hook([&] {
        home->start(work, clock::now() + 1h);
        home->watch(readable);
    });
    home->add(hook);
    destroy_context();
    EXPECT_FALSE(work.pending());
    EXPECT_FALSE(readable.watching());
}

TEST_F(engine_close, a_job_whose_post_was_accepted_from_a_thread_runs) {
    for (int time = 0; time < 300; ++time) {
        context = ref<GMainContext>::adopt(g_main_context_new());
        home = engine::get(context);
        std::vector<std::unique_ptr<action>> jobs;
        int ran = 0;
        for (int index = 0; index < 200; ++index)
            jobs.push_back(std::make_unique<action>([&] { ++ran; }));
        int accepted = 0;
        std::latch begun(2);
        std::thread poster([&] {
            begun.arrive_and_wait();
            for (const auto& each : jobs)
                accepted += home->post(*each);
        });
        begun.arrive_and_wait();
        for (int spin = time * 20; spin > 0; --spin)
            (void)home->context();
        destroy_context();
        poster.join();
        ASSERT_EQ(ran, accepted);
    }
}

TEST_F(engine_close, the_last_reference_may_be_held_by_another_source_of_the_context) {
    for (const int priority : {-10, 0, 10, 300}) {
        destroy_context();
        home = engine_ref();
        const auto before = open_descriptors();
        context = ref<GMainContext>::adopt(g_main_context_new());
        auto holder = std::make_unique<engine_ref>(engine::get(context));
        const auto source = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_priority(source, priority);
        g_source_set_callback(
            source, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, holder.release(),
            [](gpointer owned) {
                std::default_delete<engine_ref>()(static_cast<engine_ref*>(owned));
            });
        g_source_attach(source, context);
        destroy_context();
        EXPECT_EQ(open_descriptors(), before) << priority;
    }
}

TEST_F(engine_close, an_engine_that_is_released_first_does_not_mind) {
    bool called = false;
    closing hook([&] { called = true; });
    home->add(hook);
    home->remove(hook);
    home = engine_ref();
    destroy_context();
    EXPECT_FALSE(called);
}

} // namespace
} // namespace gawait
