#include "gawait/engine/engine.hpp"

#include "gawait/error.hpp"
#include "support/descriptors.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::block_until;
using test::loop_thread;
using test::open_descriptors;
using test::own_context;

TEST(engine_registry, has_one_engine_for_a_context) {
    const own_context context;
    const own_context other;
    const auto first = engine::get(context.get());
    EXPECT_EQ(engine::get(context.get()).get(), first.get());
    EXPECT_EQ(engine::find(context.get()).get(), first.get());
    EXPECT_EQ(first->context(), context.get());
    const auto second = engine::get(other.get());
    EXPECT_NE(second.get(), first.get());
    EXPECT_EQ(second->context(), other.get());
}

TEST(engine_registry, takes_null_for_the_thread_default_context) {
    const own_context context;
    EXPECT_FALSE(engine::find());
    const auto here = engine::get();
    EXPECT_EQ(here->context(), context.get());
    EXPECT_EQ(engine::find().get(), here.get());
    std::thread([] { EXPECT_EQ(engine::get()->context(), g_main_context_default()); }).join();
}

TEST(engine_registry, creates_one_engine_for_threads_that_ask_at_once) {
    const own_context context;
    for (int time = 0; time < 200; ++time) {
        std::latch start(3);
        std::array<engine_ref, 3> found;
        {
            std::vector<std::jthread> threads;
            for (auto& each : found)
                threads.emplace_back([&] {
                    start.arrive_and_wait();
                    each = engine::get(context.get());
                });
        }
        ASSERT_EQ(found[0].get(), found[1].get());
        ASSERT_EQ(found[0].get(), found[2].get());
    }
    EXPECT_FALSE(engine::find(context.get()));
}

TEST(engine_registry, forgets_an_engine_with_its_last_user) {
    const own_context context;
    const auto before = open_descriptors();
    for (int time = 0; time < 3; ++time) {
        auto first = engine::get(context.get());
        EXPECT_GT(open_descriptors(), before);
        auto second = first;
        auto third = std::move(first);
        first = engine_ref();
        second = engine_ref();
        EXPECT_TRUE(engine::find(context.get()));
        third = engine_ref();
        EXPECT_FALSE(engine::find(context.get()));
        EXPECT_EQ(open_descriptors(), before);
        context.iterate_while_ready();
    }
}

TEST(engine_registry, forgets_an_engine_whose_last_user_is_one_of_its_jobs) {
    const own_context context;
    const auto before = open_descriptors();
    for (const int priority : {-10, 0, 10}) {
        std::string log;
        auto home = engine::get(context.get());
        action last(
            [&] {
                log += 'a';
                home = engine_ref();
                EXPECT_FALSE(engine::find(context.get()));
            },
            priority);
        home->post(last);
        EXPECT_TRUE(block_until(context.get(), [&] { return log == "a"; }));
        context.iterate_while_ready();
        EXPECT_EQ(open_descriptors(), before);
    }
}

TEST(engine_registry, creates_an_engine_anew_within_the_job_that_dropped_the_old_one) {
    const own_context context;
    const auto before = open_descriptors();
    std::string log;
    auto home = engine::get(context.get());
    action second([&] {
        log += 'b';
        home = engine_ref();
    });
    action first([&] {
        log += 'a';
        home = engine_ref();
        home = engine::get(context.get());
        home->post(second);
    });
    home->post(first);
    EXPECT_TRUE(block_until(context.get(), [&] { return log == "ab"; }));
    context.iterate_while_ready();
    EXPECT_EQ(open_descriptors(), before);
}

TEST(engine_registry, forgets_an_engine_whose_last_user_is_on_another_thread) {
    const loop_thread other;
    std::latch running(1);
    const auto before_engine = open_descriptors();
    auto theirs = engine::get(other.context());
    action started([&] { running.count_down(); });
    theirs->post(started);
    running.wait();
    theirs = engine_ref();
    EXPECT_FALSE(engine::find(other.context()));
    // The loop may just be looking at the engine, and then drops it right after.
    for (int time = 0; time < 5000 && open_descriptors() != before_engine; ++time)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(open_descriptors(), before_engine);
}

TEST(engine_registry, lets_other_threads_come_and_go_while_a_loop_runs) {
    const auto before = open_descriptors();
    {
        const loop_thread other;
        const auto churn = [&] {
            for (int time = 0; time < 3000; ++time) {
                std::atomic<bool> ran = false;
                action work([&] { ran = true; }, time % 3 - 1);
                auto theirs = engine::get(other.context());
                theirs->post(work);
                while (!ran)
                    std::this_thread::yield();
            }
        };
        const std::jthread first(churn), second(churn);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(engine_registry, lets_go_of_engines_that_a_busy_loop_is_just_looking_at) {
    const auto before = open_descriptors();
    {
        const loop_thread other;
        const auto busy = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_priority(busy, G_PRIORITY_LOW);
        g_source_set_callback(
            busy, [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr, nullptr);
        g_source_attach(busy, other.context());
        for (int time = 0; time < 20'000; ++time) {
            const auto theirs = engine::get(other.context());
            for (int spin = time % 257; spin > 0; --spin)
                (void)theirs->context();
        }
        g_source_destroy(busy);
    }
    EXPECT_EQ(open_descriptors(), before);
}

/// Lowers how many descriptors this process may have, while this lives.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t lowered) {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
        const rlimit limit{lowered, before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }

    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;
    ~descriptor_limit() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
    rlimit before_{};
};

TEST(engine_registry, reports_that_no_descriptors_are_left_and_recovers) {
    const own_context context;
    const auto before = open_descriptors();
    const test::descriptor free(dup(0)); // the lowest number that is free
    // Each of the engine's descriptors in turn is the one that does not fit.
    for (rlim_t room = 0; room < 3; ++room) {
        int code = -1;
        try {
            // Over before the error is looked at, for which the sanitizer needs descriptors.
            const descriptor_limit lowered(rlim_t(free.get()) + 1 + room);
            engine::get();
        } catch (const error& refused) {
            if (refused.domain() == G_IO_ERROR)
                code = refused.code();
        }
        EXPECT_EQ(code, G_IO_ERROR_TOO_MANY_OPEN_FILES);
        EXPECT_FALSE(engine::find());
        EXPECT_EQ(open_descriptors(), before + 1);
    }
    bool ran = false;
    action work([&] { ran = true; });
    const auto home = engine::get();
    home->post(work);
    EXPECT_TRUE(block_until(context.get(), [&] { return ran; }));
}

} // namespace
} // namespace gawait
