#include "gawait/engine/engine.hpp"

#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::block_until;
using test::descriptor_pair;
using test::watcher;

using engine_driving = test::engine_fixture;

TEST_F(engine_driving, by_a_main_loop) {
    const auto loop = ref<GMainLoop>::adopt(g_main_loop_new(context.get(), FALSE));
    alarm quit([&] {
        log += 'q';
        g_main_loop_quit(loop);
    });
    action first([&] {
        log += 'a';
        home->start(quit, clock::now() + 1ms);
    });
    home->post(first);
    g_main_loop_run(loop);
    EXPECT_EQ(log, "aq");
}

TEST_F(engine_driving, by_bare_iterations) {
    action first(logs('a'));
    EXPECT_FALSE(g_main_context_iteration(context.get(), FALSE));
    home->post(first);
    EXPECT_TRUE(g_main_context_pending(context.get()));
    EXPECT_TRUE(g_main_context_iteration(context.get(), FALSE));
    EXPECT_EQ(log, "a");
    settle();
    EXPECT_FALSE(g_main_context_pending(context.get()));
}

TEST(engine_driving_application, by_an_application) {
    const auto application =
        ref<GApplication>::adopt(g_application_new("org.example.Gawait", G_APPLICATION_NON_UNIQUE));
    struct state {
        std::string log;
        engine_ref home = engine::get(g_main_context_default());
        std::optional<alarm> quit;
        std::optional<action> first;
    } state;
    state.quit.emplace([&] {
        state.log += 'q';
        g_application_release(application);
    });
    state.first.emplace([&] {
        state.log += 'a';
        state.home->start(*state.quit, clock::now() + 1ms);
    });
    g_signal_connect(application.get(), "activate",
                     G_CALLBACK(+[](GApplication* self, struct state* given) {
                         g_application_hold(self);
                         given->home->post(*given->first);
                     }),
                     &state);
    EXPECT_EQ(g_application_run(application, 0, nullptr), 0);
    EXPECT_EQ(state.log, "aq");
}

TEST_F(engine_driving, by_an_iteration_inside_a_job_which_runs_the_rest_of_the_round) {
    action second(logs('b')), third(logs('c')), posted_inside(logs('d'));
    action first([&] {
        log += '(';
        home->post(posted_inside);
        block_until(context.get(), [&] { return log.size() >= 4; });
        log += ')';
    });
    action fourth(logs('e'));
    home->post(first);
    home->post(second);
    home->post(third);
    EXPECT_TRUE(until_logged(5));
    settle();
    EXPECT_EQ(log, "(bcd)");
    home->post(fourth);
    EXPECT_TRUE(until_logged(6));
    EXPECT_EQ(log, "(bcd)e");
}

TEST_F(engine_driving, by_one_iteration_inside_a_job_leaves_what_that_did_not_run) {
    constexpr std::size_t depth = 20;
    std::vector<std::unique_ptr<action>> jobs;
    for (std::size_t index = 0; index < depth; ++index) {
        jobs.push_back(std::make_unique<action>([&, index] {
            log += char('a' + index);
            g_main_context_iteration(context.get(), FALSE);
        }));
        home->post(*jobs.back());
    }
    EXPECT_TRUE(until_logged(depth));
    settle();
    EXPECT_EQ(log, "abcdefghijklmnopqrst");
}

TEST_F(engine_driving, by_a_main_loop_inside_a_job) {
    const auto pipe = descriptor_pair::pipe();
    const auto inner = ref<GMainLoop>::adopt(g_main_loop_new(context.get(), FALSE));
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        log += 'f';
        home->unwatch(self);
        g_main_loop_quit(inner);
    });
    alarm timed([&] {
        log += 't';
        pipe.second.write("x");
    });
    action better(logs('p'), -10), worse(logs('w'), 10);
    action first([&] {
        log += '(';
        home->watch(readable);
        home->start(timed, clock::now() + 1ms);
        home->post(worse);
        home->post(better);
        g_main_loop_run(inner);
        log += ')';
    });
    action second(logs('s'));
    home->post(first);
    home->post(second);
    EXPECT_TRUE(until([&] { return log.ends_with(')'); }));
    settle();
    EXPECT_EQ(log, "(pswtf)");
}

TEST_F(engine_driving, by_an_iteration_inside_jobs_of_another_priority) {
    std::vector<std::unique_ptr<action>> jobs;
    for (char letter = 'a'; letter < 'e'; ++letter) {
        jobs.push_back(std::make_unique<action>(
            [this, letter] {
                log += letter;
                g_main_context_iteration(context.get(), FALSE);
            },
            10));
        home->post(*jobs.back());
    }
    EXPECT_TRUE(until_logged(4));
    settle();
    EXPECT_EQ(log, "abcd");
}

TEST_F(engine_driving, makes_the_context_the_thread_default_one_for_jobs) {
    g_main_context_push_thread_default(nullptr);
    bool is_default = false;
    action look([&] { is_default = g_main_context_get_thread_default() == context.get(); });
    home->post(look);
    EXPECT_TRUE(until([&] { return is_default; }));
    EXPECT_EQ(g_main_context_get_thread_default(), nullptr);
    g_main_context_pop_thread_default(nullptr);
}

} // namespace
} // namespace gawait
