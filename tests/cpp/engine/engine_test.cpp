#include "gawait/engine/engine.hpp"

#include "gawait/error.hpp"
#include "support/descriptors.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"
#include "support/thread_allocations.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

// The thread sanitizer expects no threads in a child that was forked from a process
// that has several.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::always_ready;
using test::block_until;
using test::closing;
using test::descriptor_pair;
using test::loop_thread;
using test::open_descriptors;
using test::own_context;
using test::watcher;

struct engine : testing::Test {
    own_context context;
    engine_ref home = gawait::engine::get();

    std::string log;

    std::function<void()> logs(char letter) {
        return [this, letter] { log += letter; };
    }

    bool until(const std::function<bool()>& done) { return block_until(context.get(), done); }
    bool until_logged(std::size_t count) {
        return until([&] { return log.size() >= count; });
    }
    void settle() const { context.iterate_while_ready(); }
};

/// A job that posts itself again until it is told to stop.
class reposting : public action {
public:
    explicit reposting(gawait::engine& home, int priority = G_PRIORITY_DEFAULT)
        : action(
              [this, &home] {
                  ++runs;
                  if (!stop)
                      home.post(*this);
              },
              priority) {}

    int runs = 0;
    bool stop = false;
};

// Jobs ---------------------------------------------------------------------------

using engine_jobs = engine;

TEST_F(engine_jobs, run_in_the_order_in_which_they_were_posted) {
    std::vector<std::unique_ptr<action>> jobs;
    std::string expected;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        jobs.push_back(std::make_unique<action>(logs(letter)));
        EXPECT_TRUE(home->post(*jobs.back()));
        expected += letter;
    }
    EXPECT_EQ(log, ""); // never at once
    EXPECT_TRUE(until_logged(expected.size()));
    EXPECT_EQ(log, expected);
}

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
    int rounds = 0;
    action* again = nullptr;
    action round([&] {
        if (++rounds < 10)
            home->post(*again);
    });
    again = &round;
    home->post(round);
    int iterations = 0;
    while (rounds < 10 && ++iterations < 100)
        g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(rounds, 10);
    EXPECT_LT(iterations, 10);
}

TEST_F(engine_jobs, can_be_withdrawn_while_they_are_queued) {
    std::vector<std::unique_ptr<action>> jobs;
    for (char letter = 'a'; letter <= 'e'; ++letter)
        jobs.push_back(std::make_unique<action>(logs(letter)));
    action low(logs('z'), G_PRIORITY_LOW);
    for (const auto& each : jobs)
        home->post(*each);
    home->post(low);
    for (const std::size_t index : {0U, 2U, 4U})
        EXPECT_TRUE(home->withdraw(*jobs[index]));
    EXPECT_TRUE(home->withdraw(low));
    EXPECT_FALSE(home->withdraw(*jobs[2]));
    home->post(*jobs[4]);
    settle();
    EXPECT_EQ(log, "bde");
    EXPECT_FALSE(home->withdraw(*jobs[1]));
}

TEST_F(engine_jobs, withdrawn_by_a_job_of_their_round_do_not_run) {
    action last(logs('z'));
    action second(logs('b'));
    action first([&] {
        log += 'a';
        EXPECT_TRUE(home->withdraw(second));
    });
    for (action* each : {&first, &second, &last})
        home->post(*each);
    settle();
    EXPECT_EQ(log, "az");
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
    gawait::clock::duration took{};
    action loops([&] {
        const auto begin = gawait::clock::now();
        while (!home->tick()) {
        }
        took = gawait::clock::now() - begin;
        log += 'a';
    });
    action next(logs('b'));
    home->post(loops);
    home->post(next);
    g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(log, "a") << "the turn has ended with the job that spent it";
    EXPECT_GT(took, gawait::engine::turn_budget / 2);
    EXPECT_TRUE(until_logged(2));
}

TEST_F(engine_jobs, that_would_be_alone_in_the_next_round_may_begin_it_themselves) {
    action other(logs('o'));
    bool alone = false, beside_a_job = true, when_spent = true, beside_a_due_timer = true;
    std::size_t rounds = 0;
    alarm due(logs('d'));
    action job([&] {
        const auto before = home->rounds();
        alone = home->next_round();
        rounds = home->rounds() - before;
        home->post(other);
        beside_a_job = home->next_round();
        EXPECT_TRUE(home->withdraw(other));
        home->start(due, gawait::clock::time_point());
        beside_a_due_timer = home->next_round();
        EXPECT_TRUE(home->cancel(due));
        while (!home->tick()) {
        }
        when_spent = home->next_round();
        log += 'j';
    });
    home->post(job);
    EXPECT_TRUE(until_logged(1));
    EXPECT_TRUE(alone);
    EXPECT_EQ(rounds, 1u);
    EXPECT_FALSE(beside_a_job);
    EXPECT_FALSE(beside_a_due_timer);
    EXPECT_FALSE(when_spent);
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

TEST_F(engine_jobs, may_destroy_themselves) {
    std::unique_ptr<action> own;
    own = std::make_unique<action>([&] {
        log += 'x';
        own.reset();
    });
    home->post(*own);
    EXPECT_TRUE(until_logged(1));
    EXPECT_FALSE(own);
}

TEST_F(engine_jobs, may_post_themselves_again) {
    reposting again(*home);
    home->post(again);
    EXPECT_TRUE(until([&] { return again.runs >= 1000; }));
    again.stop = true;
    const int runs = again.runs;
    settle();
    EXPECT_EQ(again.runs, runs + 1);
}

TEST_F(engine_jobs, are_posted_and_run_without_an_allocation) {
    std::vector<std::unique_ptr<action>> jobs;
    std::size_t ran = 0;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }, index % 3 - 1));
    std::optional<std::size_t> allocated_by_posting, allocated_by_running;
    action post([&] {
        const test::allocation_counter counter;
        for (const auto& each : jobs)
            home->post(*each);
        allocated_by_posting = counter.count();
    });
    for (int time = 0; time < 2; ++time) { // the first time, each priority gets its source
        ran = 0;
        home->post(post);
        const test::allocation_counter counter;
        while (ran < jobs.size())
            g_main_context_iteration(context.get(), TRUE);
        allocated_by_running = counter.count();
    }
    EXPECT_EQ(allocated_by_posting, 0u);
    // Not by the jobs: by giving way to other sources, each time that the budget is over.
    EXPECT_LT(allocated_by_running, jobs.size() / 4);
}

TEST_F(engine_jobs, are_posted_from_another_thread_without_an_allocation) {
    std::vector<std::unique_ptr<action>> jobs;
    std::size_t ran = 0;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }, index % 3 - 1));
    std::size_t allocated = 1;
    std::thread([&] {
        g_main_current_source(); // GLib allocates what it knows of a thread when asked
        const test::allocation_counter counter;
        for (const auto& each : jobs)
            home->post(*each);
        allocated = counter.count();
    }).join();
    EXPECT_EQ(allocated, 0u);
    EXPECT_TRUE(until([&] { return ran == jobs.size(); }));
}

TEST(engine_jobs_allocation_counter, sees_what_cpp_and_glib_allocate) {
    const test::allocation_counter counter;
    const std::string cpp(1000, 'x');
    const auto once = counter.count();
    const auto glib = unique_string(g_strdup(cpp.c_str()));
    const auto twice = counter.count();
    EXPECT_EQ(once, 1u);
    EXPECT_EQ(twice, 2u);
}

// Priorities ---------------------------------------------------------------------

using engine_priorities = engine;

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
    home->post(begin);
    EXPECT_TRUE(until_logged(7));
    EXPECT_EQ(log, "abcdefg");

    // Now that there were jobs of each priority, also from outside of a dispatch.
    log.clear();
    add_sources();
    post_all();
    EXPECT_TRUE(until_logged(7));
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

// Threads ------------------------------------------------------------------------

using engine_threads = engine;

TEST_F(engine_threads, jobs_from_many_run_once_each_in_the_order_of_their_thread) {
    constexpr int threads = 4;
    constexpr int jobs_of_one = 10'000;
    struct numbered : job {
        numbered() : job([](job& self) noexcept { static_cast<numbered&>(self).done(); }) {}
        void done() noexcept {
            ++runs;
            in_order &= *next == number;
            ++*next;
        }
        int* next = nullptr;
        int number = 0;
        int runs = 0;
        bool in_order = true;
    };
    std::array<int, threads> next{};
    std::array<std::unique_ptr<numbered[]>, threads> jobs;
    for (std::size_t thread = 0; thread < threads; ++thread) {
        jobs[thread] = std::make_unique<numbered[]>(jobs_of_one);
        for (int number = 0; number < jobs_of_one; ++number) {
            jobs[thread][std::size_t(number)].next = &next[thread];
            jobs[thread][std::size_t(number)].number = number;
        }
    }
    std::vector<std::jthread> posters;
    for (std::size_t thread = 0; thread < threads; ++thread)
        posters.emplace_back([&, thread] {
            for (int number = 0; number < jobs_of_one; ++number)
                home->post(jobs[thread][std::size_t(number)]);
        });
    EXPECT_TRUE(until([&] {
        return std::all_of(next.begin(), next.end(), [](int ran) { return ran == jobs_of_one; });
    }));
    posters.clear();
    settle();
    for (std::size_t thread = 0; thread < threads; ++thread)
        for (int number = 0; number < jobs_of_one; ++number) {
            const numbered& each = jobs[thread][std::size_t(number)];
            ASSERT_EQ(each.runs, 1);
            ASSERT_TRUE(each.in_order);
        }
}

/// How often the eventfds of this process were written to, other than those in `except`.
unsigned long eventfd_writes(const std::set<std::string>& except) {
    unsigned long writes = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream info(entry.path());
        if (except.contains(entry.path()))
            continue;
        for (std::string word; info >> word;)
            if (word == "eventfd-count:")
                info >> std::hex >> word, writes += std::stoul(word, nullptr, 16);
    }
    return writes;
}

TEST(engine_thread_wake_ups, of_jobs_that_the_engine_has_not_taken_yet_coalesce) {
    const own_context context;
    std::set<std::string> older;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo"))
        older.insert(entry.path());
    const auto home = gawait::engine::get();

    int ran = 0;
    std::vector<std::unique_ptr<action>> jobs;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }));
    const auto before = eventfd_writes(older);
    for (unsigned long time = 1; time <= 3; ++time) {
        std::thread([&] {
            for (const auto& each : jobs)
                home->post(*each);
        }).join();
        EXPECT_EQ(eventfd_writes(older) - before, time);
        ran = 0;
        EXPECT_TRUE(block_until(context.get(), [&] { return ran == 1000; }));
    }
}

TEST_F(engine_threads, no_wake_up_is_lost_whatever_the_priority) {
    for (const int priority : {-10, 0, 10}) {
        std::atomic<int> waiting = 0;
        bool stop = false;
        int ran = 0;
        action normal([&] {
            ++ran;
            waiting.fetch_sub(1, std::memory_order_release);
        });
        action other(
            [&] {
                ++ran;
                waiting.fetch_sub(1, std::memory_order_release);
            },
            priority);
        action end([&] { stop = true; });
        std::atomic<bool> given_up = false;
        std::thread poster([&] {
            for (int time = 0; time < 20'000 && !given_up; ++time) {
                waiting = 2;
                home->post(normal);
                for (int spin = time % 97; spin > 0; --spin)
                    (void)waiting.load();
                home->post(other);
                while (waiting.load(std::memory_order_acquire) > 0 && !given_up)
                    std::this_thread::yield();
            }
            if (!given_up)
                home->post(end);
        });
        EXPECT_TRUE(until([&] { return stop; })) << priority << " after " << ran;
        given_up = true;
        poster.join();
        settle();
    }
}

TEST_F(engine_threads, that_do_not_own_the_context_may_not_start_timers_or_watches) {
    const loop_thread other;
    const auto theirs = gawait::engine::get(other.context());
    std::latch owned(1);
    action running([&] { owned.count_down(); });
    theirs->post(running);
    owned.wait();

    const auto pipe = descriptor_pair::pipe();
    alarm work([] {});
    watcher readable(pipe.first.get(), G_IO_IN, [](watcher&) {});
    for (const auto& use : {std::function([&] { theirs->start(work, clock::now()); }),
                            std::function([&] { theirs->watch(readable); })}) {
        try {
            use();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const error& refused) {
            EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
            EXPECT_NE(std::string(refused.message()).find("thread"), std::string::npos);
        }
    }
    EXPECT_FALSE(work.pending());
    EXPECT_FALSE(readable.watching());
}

TEST_F(engine_threads, know_whether_they_own_the_context) {
    const loop_thread other;
    const auto theirs = gawait::engine::get(other.context());
    EXPECT_FALSE(theirs->on_owner_thread());
    EXPECT_FALSE(theirs->is_thread_default());
    EXPECT_TRUE(home->is_thread_default());
    std::latch ran(1);
    bool owner = false, is_default = false, owner_of_home = true;
    action look([&] {
        owner = theirs->on_owner_thread();
        is_default = theirs->is_thread_default();
        owner_of_home = home->on_owner_thread();
        ran.count_down();
    });
    theirs->post(look);
    ran.wait();
    EXPECT_TRUE(owner);
    EXPECT_TRUE(is_default);
    EXPECT_FALSE(owner_of_home);
}

TEST(engine_unowned, may_be_used_from_any_thread) {
    const auto context = ref<GMainContext>::adopt(g_main_context_new());
    const auto home = gawait::engine::get(context);
    bool ran = false;
    alarm work([&] { ran = true; });
    std::thread([&] { home->start(work, clock::now()); }).join();
    EXPECT_TRUE(block_until(context.get(), [&] { return ran; }));
}

// The registry -------------------------------------------------------------------

TEST(engine_registry, has_one_engine_for_a_context) {
    const own_context context;
    const own_context other;
    const auto first = gawait::engine::get(context.get());
    EXPECT_EQ(gawait::engine::get(context.get()).get(), first.get());
    EXPECT_EQ(gawait::engine::find(context.get()).get(), first.get());
    EXPECT_EQ(first->context(), context.get());
    const auto second = gawait::engine::get(other.get());
    EXPECT_NE(second.get(), first.get());
    EXPECT_EQ(second->context(), other.get());
}

TEST(engine_registry, takes_null_for_the_thread_default_context) {
    const own_context context;
    EXPECT_FALSE(gawait::engine::find());
    const auto here = gawait::engine::get();
    EXPECT_EQ(here->context(), context.get());
    EXPECT_EQ(gawait::engine::find().get(), here.get());
    std::thread([] {
        EXPECT_EQ(gawait::engine::get()->context(), g_main_context_default());
    }).join();
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
                    each = gawait::engine::get(context.get());
                });
        }
        ASSERT_EQ(found[0].get(), found[1].get());
        ASSERT_EQ(found[0].get(), found[2].get());
    }
    EXPECT_FALSE(gawait::engine::find(context.get()));
}

TEST(engine_registry, forgets_an_engine_with_its_last_user) {
    const own_context context;
    const auto before = open_descriptors();
    for (int time = 0; time < 3; ++time) {
        auto first = gawait::engine::get(context.get());
        EXPECT_GT(open_descriptors(), before);
        auto second = first;
        auto third = std::move(first);
        first = engine_ref();
        second = engine_ref();
        EXPECT_TRUE(gawait::engine::find(context.get()));
        third = engine_ref();
        EXPECT_FALSE(gawait::engine::find(context.get()));
        EXPECT_EQ(open_descriptors(), before);
        context.iterate_while_ready();
    }
}

TEST(engine_registry, forgets_an_engine_whose_last_user_is_one_of_its_jobs) {
    const own_context context;
    const auto before = open_descriptors();
    for (const int priority : {-10, 0, 10}) {
        std::string log;
        auto home = gawait::engine::get(context.get());
        action last(
            [&] {
                log += 'a';
                home = engine_ref();
                EXPECT_FALSE(gawait::engine::find(context.get()));
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
    auto home = gawait::engine::get(context.get());
    action second([&] {
        log += 'b';
        home = engine_ref();
    });
    action first([&] {
        log += 'a';
        home = engine_ref();
        home = gawait::engine::get(context.get());
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
    auto theirs = gawait::engine::get(other.context());
    action started([&] { running.count_down(); });
    theirs->post(started);
    running.wait();
    theirs = engine_ref();
    EXPECT_FALSE(gawait::engine::find(other.context()));
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
                auto theirs = gawait::engine::get(other.context());
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
            const auto theirs = gawait::engine::get(other.context());
            for (int spin = time % 257; spin > 0; --spin)
                (void)theirs->context();
        }
        g_source_destroy(busy);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(engine_registry, reports_that_no_descriptors_are_left_and_recovers) {
    const own_context context;
    rlimit limit;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto before = open_descriptors();
    const test::descriptor free(dup(0)); // the lowest number that is free
    // Each of the engine's descriptors in turn is the one that does not fit.
    for (rlim_t room = 0; room < 3; ++room) {
        const rlimit lowered{rlim_t(free.get()) + 1 + room, limit.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
        int code = -1;
        try {
            gawait::engine::get();
        } catch (const error& refused) {
            if (refused.domain() == G_IO_ERROR)
                code = refused.code();
        }
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        EXPECT_EQ(code, G_IO_ERROR_TOO_MANY_OPEN_FILES);
        EXPECT_FALSE(gawait::engine::find());
        EXPECT_EQ(open_descriptors(), before + 1);
    }
    bool ran = false;
    action work([&] { ran = true; });
    const auto home = gawait::engine::get();
    home->post(work);
    EXPECT_TRUE(block_until(context.get(), [&] { return ran; }));
}

// Who iterates -------------------------------------------------------------------

using engine_driving = engine;

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
        engine_ref home = gawait::engine::get(g_main_context_default());
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

// Resting ------------------------------------------------------------------------

/// An engine that had nothing to do for a while, in a context that is kept busy by
/// something else and so never looks at a source of a worse priority.
struct engine_after_a_rest : engine {
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
    const engine_ref rested = gawait::engine::get(short_lived);
    rested->add(hook);
    const always_ready busy(short_lived, G_PRIORITY_DEFAULT, [] {});
    for (int left = 1000; left > 0; --left)
        g_main_context_iteration(short_lived, FALSE);
    short_lived = nullptr;
    EXPECT_TRUE(called);
}

// Fairness -----------------------------------------------------------------------

constexpr int redraw_priority = 120; // GDK_PRIORITY_REDRAW

/// The most iterations in which sources of a worse priority must get a turn, a few
/// times over, beside an engine that always has work.
constexpr int enough_iterations = 1000;

struct engine_fairness : engine {
    int redraws = 0, idles = 0;
    std::optional<always_ready> redraw, idle;

    /// Ready until they were dispatched ten times each.
    void add_sources() {
        redraw.emplace(context.get(), redraw_priority, [this] {
            if (++redraws == 10)
                redraw->stop();
        });
        idle.emplace(context.get(), G_PRIORITY_DEFAULT_IDLE, [this] {
            if (++idles == 10)
                idle->stop();
        });
    }

    void expect_sources_get_their_turn() {
        for (int left = enough_iterations; left > 0 && idles < 10; --left)
            g_main_context_iteration(context.get(), TRUE);
        EXPECT_EQ(redraws, 10);
        EXPECT_EQ(idles, 10);
    }
};

TEST_F(engine_fairness, jobs_that_post_themselves_for_ever_let_worse_priorities_run) {
    reposting forever(*home);
    home->post(forever);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(forever.runs, 0);
    forever.stop = true;
    settle();
}

TEST_F(engine_fairness, jobs_that_other_threads_post_for_ever_let_worse_priorities_run) {
    std::atomic<bool> stop = false;
    std::atomic<int> queued = 0;
    struct counted : job {
        counted() : job([](job& self) noexcept { --*static_cast<counted&>(self).queued_; }) {}
        std::atomic<int>* queued_ = nullptr;
    };
    std::vector<counted> jobs(1000);
    for (counted& each : jobs)
        each.queued_ = &queued;
    std::thread poster([&] {
        while (!stop) {
            while (queued > 0 && !stop)
                std::this_thread::yield();
            if (stop)
                break;
            queued = int(jobs.size());
            for (counted& each : jobs)
                home->post(each);
        }
    });
    add_sources();
    // Not bounded by a number of iterations: those depend on the other thread's pace.
    EXPECT_TRUE(until([&] { return idles == 10; }));
    EXPECT_EQ(redraws, 10);
    stop = true;
    poster.join();
    EXPECT_TRUE(until([&] { return queued == 0; }));
}

TEST_F(engine_fairness, descriptors_that_are_ready_for_ever_let_worse_priorities_run) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher&) { ++calls; });
    home->watch(readable);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    home->unwatch(readable);
}

TEST_F(engine_fairness, jobs_and_descriptors_together_let_worse_priorities_run) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher&) { ++calls; });
    home->watch(readable);
    reposting forever(*home);
    home->post(forever);
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    EXPECT_GT(forever.runs, 0);
    forever.stop = true;
    home->unwatch(readable);
    settle();
}

TEST_F(engine_fairness, a_timer_that_is_always_due_lets_worse_priorities_run) {
    bool stop = false;
    int calls = 0;
    alarm* again = nullptr;
    alarm always([&] {
        ++calls;
        if (!stop)
            home->start(*again, clock::time_point::min());
    });
    again = &always;
    home->start(always, clock::time_point::min());
    add_sources();
    expect_sources_get_their_turn();
    EXPECT_GT(calls, 0);
    stop = true;
    settle();
}

TEST_F(engine_fairness, one_round_that_is_longer_than_a_turn_lets_worse_priorities_run) {
    int ran = 0;
    std::vector<std::unique_ptr<action>> jobs;
    for (int index = 0; index < 100; ++index) {
        jobs.push_back(std::make_unique<action>([&] {
            ++ran;
            std::this_thread::sleep_for(100us);
        }));
        home->post(*jobs.back());
    }
    int ran_before_redraw = -1;
    always_ready source(context.get(), redraw_priority, [&] {
        ran_before_redraw = ran;
        source.stop();
    });
    EXPECT_TRUE(until([&] { return ran == 100; }));
    EXPECT_GT(ran_before_redraw, 0);
    EXPECT_LT(ran_before_redraw, 100);
}

TEST_F(engine_fairness, a_source_that_is_always_ready_does_not_starve_jobs_that_post_themselves) {
    for (const int priority : {redraw_priority, G_PRIORITY_DEFAULT_IDLE}) {
        int dispatched = 0;
        const always_ready source(context.get(), priority, [&] { ++dispatched; });
        reposting forever(*home);
        home->post(forever);
        // Again and again after the engine gave way.
        for (int time = 0; time < 5; ++time) {
            const int before = dispatched;
            EXPECT_TRUE(until([&] { return dispatched > before; }));
            const int runs = forever.runs;
            EXPECT_TRUE(until([&] { return forever.runs > runs; }));
        }
        forever.stop = true;
        EXPECT_TRUE(until([&] { return !gawait::engine::find() || forever.stop; }));
        const int runs = forever.runs;
        EXPECT_TRUE(until([&] { return forever.runs == runs + 1; }));
    }
}

TEST_F(engine_fairness, jobs_of_a_worse_priority_run_beside_ones_that_post_themselves) {
    reposting forever(*home);
    action worse(logs('w'), 10);
    home->post(forever);
    home->post(worse);
    for (int left = enough_iterations; left > 0 && log.empty(); --left)
        g_main_context_iteration(context.get(), TRUE);
    EXPECT_EQ(log, "w");
    forever.stop = true;
    settle();
}

// The context goes first ---------------------------------------------------------

struct engine_close : testing::Test {
    ref<GMainContext> context = ref<GMainContext>::adopt(g_main_context_new());
    engine_ref home = gawait::engine::get(context);

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
    EXPECT_FALSE(gawait::engine::find(address));
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
        home = gawait::engine::get(context);
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
        auto holder = std::make_unique<engine_ref>(gawait::engine::get(context));
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

// Fork ---------------------------------------------------------------------------

/// The exit status of a child process that does `work`, which returns whether it
/// went well. The child does nothing else: no test goes on there.
template <class Work> pid_t in_child(Work work) {
    const pid_t child = fork();
    if (child == 0)
        _exit(work() && !testing::Test::HasFailure() ? 0 : 1);
    return child;
}

bool succeeded(pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct engine_fork : engine {
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
    home = gawait::engine::get();
}

TEST_F(engine_fork, a_child_can_release_the_engine_and_the_context) {
    home->watch(readable);
    settle();
    const pid_t child = in_child([&] {
        home->unwatch(readable);
        home = engine_ref();
        const own_context fresh_context;
        home = gawait::engine::get();
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
