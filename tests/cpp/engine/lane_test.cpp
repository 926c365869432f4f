#include "gawait/engine/engine.hpp"

#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using test::action;
using test::always_ready;

struct engine_priorities : test::engine_fixture {
    /// Repeats what logs until it took less than a turn may: on a busy machine a turn can be spent
    /// at any job, and what is left then gives way to sources of lower priority, as it should.
    void in_an_unspent_turn(const std::function<void()>& what) {
        for (int tries = 0; tries < 1000; ++tries) {
            log.clear();
            const auto began = std::chrono::steady_clock::now();
            what();
            if (std::chrono::steady_clock::now() - began < engine::turn_budget || HasFailure())
                return;
        }
        GTEST_SKIP() << "this machine spends a whole turn on seven jobs, each of 1000 times";
    }
};

TEST_F(engine_priorities, lower_runs_first_and_equal_in_the_order_of_posting) {
    std::vector<std::unique_ptr<action>> jobs;
    for (const auto& [letter, priority] :
         {std::pair('g', 200), std::pair('e', 10), std::pair('c', 0), std::pair('a', -10),
          std::pair('h', 200), std::pair('f', 10), std::pair('d', 0), std::pair('b', -10)}) {
        jobs.push_back(std::make_unique<action>(logs(letter), priority));
        home->post(*jobs.back());
    }
    EXPECT_TRUE(until_logged(8));
    EXPECT_EQ(log, "abcdefgh");
}

TEST_F(engine_priorities, are_those_of_other_sources_of_the_context) {
    std::vector<std::unique_ptr<action>> jobs;
    std::vector<std::unique_ptr<always_ready>> sources;
    const auto post_all = [&] {
        jobs.clear();
        for (const auto& [letter, priority] :
             {std::pair('f', 10), std::pair('d', 0), std::pair('b', -10)}) {
            jobs.push_back(std::make_unique<action>(logs(letter), priority));
            home->post(*jobs.back());
        }
    };
    const auto add_sources = [&] {
        sources.clear();
        for (const auto& [letter, priority] :
             {std::pair('g', 15), std::pair('e', 5), std::pair('c', -5), std::pair('a', -15)}) {
            sources.push_back(std::make_unique<always_ready>(
                context.get(), priority, [this, &sources, letter, index = sources.size()] {
                    log += letter;
                    sources[index]->stop();
                }));
        }
    };
    action begin([&] {
        add_sources();
        post_all();
    });
    in_an_unspent_turn([&] {
        home->post(begin);
        EXPECT_TRUE(until_logged(7));
    });
    EXPECT_EQ(log, "abcdefg");

    // Now that there were jobs of each priority, also from outside of a dispatch.
    in_an_unspent_turn([&] {
        add_sources();
        post_all();
        EXPECT_TRUE(until_logged(7));
    });
    EXPECT_EQ(log, "abcdefg");
}

TEST_F(engine_priorities, a_better_job_posted_in_a_turn_does_not_wait_for_its_end) {
    action better(logs('!'), -10);
    std::vector<std::unique_ptr<action>> jobs;
    for (int index = 0; index < 1000; ++index) {
        jobs.push_back(std::make_unique<action>([this, &better, index] {
            log += '.';
            if (index == 2)
                home->post(better);
        }));
        home->post(*jobs.back());
    }
    EXPECT_TRUE(until_logged(1001));
    EXPECT_EQ(log.find('!'), 3u);
}

TEST_F(engine_priorities, a_better_job_posted_together_with_others_by_a_job_runs_before_them) {
    action better(logs('b'), -10), normal(logs('n'));
    action first([&] {
        log += 'a';
        home->post(normal);
        home->post(better);
    });
    home->post(first);
    EXPECT_TRUE(until_logged(3));
    EXPECT_EQ(log, "abn");
}

TEST_F(engine_priorities, a_better_job_that_a_thread_posted_during_a_round_runs_before_the_next) {
    action better(logs('b'), -10), normal(logs('n'));
    action first([&] {
        log += 'a';
        std::thread([&] {
            home->post(normal);
            home->post(better);
        }).join();
    });
    home->post(first);
    EXPECT_TRUE(until_logged(3));
    EXPECT_EQ(log, "abn");
}

TEST_F(engine_priorities, a_change_takes_effect_at_the_next_post) {
    action work(logs('w')), other(logs('o'));
    home->post(other);
    work.set_priority(-10);
    EXPECT_EQ(work.priority(), -10);
    home->post(work);
    EXPECT_TRUE(until_logged(2));
    work.set_priority(10);
    home->post(work);
    home->post(other);
    EXPECT_TRUE(until_logged(4));
    EXPECT_EQ(log, "woow");
}

TEST_F(engine_priorities, keep_the_order_of_posting_outside_and_inside_of_another_source) {
    action outside(logs('1')), inside(logs('2'));
    always_ready urgent(context.get(), -20, [&] {
        home->post(inside);
        urgent.stop();
    });
    home->post(outside);
    EXPECT_TRUE(until_logged(2));
    EXPECT_EQ(log, "12");
}

TEST_F(engine_priorities, keep_the_order_of_posting_outside_and_inside_of_a_better_job) {
    action outside(logs('1')), inside(logs('2'));
    std::optional<action> second;
    action first(
        [&] {
            second.emplace([&] { home->post(inside); }, -10);
            home->post(*second);
        },
        -10);
    home->post(first);
    while (!second)
        g_main_context_iteration(context.get(), TRUE);
    home->post(outside); // while the second is queued
    EXPECT_TRUE(until_logged(2));
    EXPECT_EQ(log, "12");
}

/// How many sources a context has.
std::size_t sources_of(GMainContext* context) {
    std::size_t found = 0;
    for (guint id = 1; id < 10'000; ++id)
        found += g_main_context_find_source_by_id(context, id) != nullptr;
    return found;
}

TEST_F(engine_priorities, that_nobody_uses_any_more_cost_the_context_no_sources) {
    const auto before = sources_of(context.get());
    std::vector<std::unique_ptr<action>> jobs;
    for (int priority = 1; priority <= 300; ++priority)
        jobs.push_back(std::make_unique<action>(logs('.'), priority));
    std::size_t most = 0;
    action post_all([&] {
        for (const auto& each : jobs)
            home->post(*each);
        most = sources_of(context.get());
    });
    for (std::size_t time = 1; time <= 2; ++time) {
        home->post(post_all);
        EXPECT_TRUE(until_logged(300 * time));
        EXPECT_GE(most, before + 300);
        EXPECT_LE(sources_of(context.get()), before + 10);
    }
}

TEST_F(engine_priorities, may_be_given_up_while_a_job_of_theirs_iterates_the_context) {
    std::vector<std::unique_ptr<action>> jobs;
    for (int priority = 1; priority <= 20; ++priority)
        for (const char letter : {'(', ')'})
            jobs.push_back(std::make_unique<action>(
                [this, letter] {
                    log += letter;
                    while (letter == '(' && g_main_context_iteration(context.get(), FALSE)) {
                    }
                },
                priority));
    for (int time = 1; time <= 3; ++time) {
        for (const auto& each : jobs)
            home->post(*each);
        EXPECT_TRUE(until_logged(jobs.size() * std::size_t(time)));
    }
}

} // namespace
} // namespace gawait
