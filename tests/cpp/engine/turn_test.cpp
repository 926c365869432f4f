#include "gawait/engine/engine.hpp"

#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::action;
using test::alarm;
using test::descriptor_pair;
using test::reposting;
using test::watcher;

using engine_jobs = test::engine_fixture;

TEST_F(engine_jobs, posted_by_a_job_run_in_the_next_round) {
    action third(logs('e')), beside_third(logs('f'));
    action second([&] {
        log += 'c';
        home->post(third);
    });
    action beside_second([&] {
        log += 'd';
        home->post(beside_third);
    });
    action first([&] {
        log += 'a';
        home->post(second);
        home->post(beside_second);
    });
    action beside_first(logs('b'));
    home->post(first);
    home->post(beside_first);
    EXPECT_TRUE(until_logged(6));
    EXPECT_EQ(log, "abcdef");
}

TEST_F(engine_jobs, of_many_rounds_fit_into_one_iteration) {
    reposting round(*home, G_PRIORITY_DEFAULT, 10);
    home->post(round);
    int iterations = 0;
    while (round.runs < 10 && ++iterations < 100)
        g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(round.runs, 10);
    EXPECT_LT(iterations, 10);
}

TEST_F(engine_jobs, know_the_round_in_which_they_run) {
    std::vector<std::size_t> rounds;
    const auto note = [&] { rounds.push_back(home->rounds()); };
    action third(note);
    action first([&] {
        note();
        home->post(third);
    });
    action second(note);
    home->post(first);
    home->post(second);
    EXPECT_TRUE(until([&] { return rounds.size() == 3; }));
    EXPECT_EQ(rounds[1], rounds[0]);
    EXPECT_EQ(rounds[2], rounds[0] + 1);
}

TEST_F(engine_jobs, that_do_many_things_learn_when_the_turn_is_spent) {
    clock::duration took{};
    action loops([&] {
        const auto begin = clock::now();
        while (!home->tick()) {
        }
        took = clock::now() - begin;
        log += 'a';
    });
    action next(logs('b'));
    home->post(loops);
    home->post(next);
    g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(log, "a") << "the turn has ended with the job that spent it";
    EXPECT_GT(took, engine::turn_budget / 2);
    EXPECT_TRUE(until_logged(2));
}

TEST_F(engine_jobs, that_would_be_first_in_the_next_round_may_begin_it_themselves) {
    action other(logs('o'));
    bool alone = false, behind_a_job = true, when_spent = true;
    std::size_t rounds = 0;
    action job([&] {
        const auto before = home->rounds();
        alone = home->next_round();
        rounds = home->rounds() - before;
        home->post(other);
        behind_a_job = home->next_round();
        EXPECT_TRUE(home->withdraw(other));
        while (!home->tick()) {
        }
        when_spent = home->next_round();
        log += 'j';
    });
    home->post(job);
    EXPECT_TRUE(until_logged(1));
    EXPECT_TRUE(alone);
    EXPECT_EQ(rounds, 1u);
    EXPECT_FALSE(behind_a_job);
    EXPECT_FALSE(when_spent);
}

TEST_F(engine_jobs, of_another_thread_come_before_a_round_that_a_job_would_begin_itself) {
    action other(logs('o'));
    bool began = true;
    action job([&] {
        std::thread([&] { home->post(other); }).join();
        began = home->next_round();
    });
    home->post(job);
    EXPECT_TRUE(until_logged(1));
    EXPECT_FALSE(began);
}

TEST_F(engine_jobs, that_begin_the_next_round_are_followed_by_what_is_ready_then) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        log += 'r';
        home->unwatch(self);
    });
    alarm due(logs('d'));
    std::size_t round = 0;
    action job([&] {
        home->watch(readable);
        home->start(due, clock::time_point());
        log += 'a';
        EXPECT_TRUE(home->next_round());
        log += 'b';
        round = home->rounds();
    });
    home->post(job);
    EXPECT_TRUE(until_logged(4));
    EXPECT_EQ(log, "abrd");
    EXPECT_EQ(home->rounds(), round);
}

TEST_F(engine_jobs, that_were_broken_off_go_on_before_the_rest_of_their_round) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    std::vector<std::size_t> rounds;
    const auto note = [&](char letter) {
        log += letter;
        rounds.push_back(home->rounds());
    };
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher&) { note('r'); });
    home->watch(readable);
    action next([&] {
        note('n');
        home->unwatch(readable);
    });
    action* again = nullptr;
    int parts = 0;
    action long_one([&] {
        if (parts == 0)
            home->post(next);
        note('l');
        while (!home->tick()) {
        }
        if (++parts < 5)
            home->resume(*again);
    });
    again = &long_one;
    action beside([&] { note('b'); });
    home->post(long_one);
    home->post(beside);
    EXPECT_TRUE(until_logged(8));
    settle();
    EXPECT_EQ(log.substr(0, 8), "lllllbrn") << "the descriptor was ready all the time";
    EXPECT_EQ(rounds[6], rounds[0]);
    EXPECT_EQ(rounds[7], rounds[0] + 1);
}

TEST_F(engine_jobs, that_were_broken_off_go_on_first_at_their_priority) {
    action* again = nullptr;
    int parts = 0;
    action long_one(
        [&] {
            log += 'l';
            while (!home->tick()) {
            }
            if (++parts < 3)
                home->resume(*again);
        },
        10);
    again = &long_one;
    action beside(logs('b'), 10);
    home->post(long_one);
    home->post(beside);
    EXPECT_TRUE(until_logged(4));
    EXPECT_EQ(log, "lllb");
}

TEST_F(engine_jobs, of_a_round_that_a_turn_did_not_end_run_before_what_is_ready) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        log += 'r';
        if (log.size() > 8)
            home->unwatch(self);
    });
    std::vector<std::unique_ptr<action>> jobs;
    for (const char letter : {'a', 'b', 'c'}) {
        jobs.push_back(std::make_unique<action>([&, letter] {
            log += letter;
            for (const auto end = clock::now() + engine::turn_budget * 2; clock::now() < end;) {
            }
            home->post(*jobs[std::size_t(letter - 'a')]);
        }));
        home->post(*jobs.back());
    }
    home->watch(readable);
    EXPECT_TRUE(until([&] { return log.size() > 8; }));
    for (const auto& each : jobs)
        home->withdraw(*each);
    EXPECT_EQ(log.substr(0, 8), "abcrabcr");
}

TEST_F(engine_jobs, of_the_next_round_stay_there_when_one_of_this_is_withdrawn) {
    std::size_t round_of_first = 0, round_of_third = 0;
    action second(logs('2'));
    action third([&] {
        log += '3';
        round_of_third = home->rounds();
    });
    action first([&] {
        log += '1';
        round_of_first = home->rounds();
        home->post(third);
        EXPECT_TRUE(home->withdraw(second));
    });
    home->post(first);
    home->post(second);
    EXPECT_TRUE(until_logged(2));
    EXPECT_EQ(log, "13");
    EXPECT_EQ(round_of_third, round_of_first + 1);
}

TEST_F(engine_jobs, are_followed_in_the_next_round_by_timers_that_became_due) {
    std::size_t round = 0, round_of_timer = 0;
    alarm due([&] { round_of_timer = home->rounds(); });
    action* again = nullptr;
    action step([&] {
        // Many that are short, so that the clock is read seldom, then a long one.
        if (++round < 100) {
            home->post(*again);
            return;
        }
        const auto deadline = clock::now() + std::chrono::microseconds(20);
        home->start(due, deadline);
        while (clock::now() < deadline) {
        }
        round = home->rounds();
    });
    again = &step;
    home->post(step);
    test::reposting busy(*home);
    home->post(busy);
    EXPECT_TRUE(until([&] { return round_of_timer != 0; }));
    busy.stop = true;
    settle();
    EXPECT_EQ(round_of_timer, round + 1);
}

char* turn_end_log;

TEST_F(engine_jobs, share_what_lasts_until_their_turn_ends) {
    char ends[] = "........";
    turn_end_log = ends;
    const auto remember = [&] {
        EXPECT_FALSE(home->has_turn_end());
        home->at_turn_end([]() noexcept { *turn_end_log++ = 'x'; });
        EXPECT_TRUE(home->has_turn_end());
    };
    action nested([&] {
        log += 'n';
        remember();
    });
    action second([&] {
        log += '2';
        EXPECT_STREQ(ends, "x.......") << "the nested turn's end, and not ours";
    });
    action first([&] {
        log += '1';
        remember();
        home->post(nested);
        g_main_context_iteration(context.get(), FALSE);
        EXPECT_STREQ(ends, "x.......");
        home->post(second);
    });
    home->post(first);
    settle();
    EXPECT_EQ(log, "1n2");
    EXPECT_STREQ(ends, "xx......");
}

} // namespace
} // namespace gawait
