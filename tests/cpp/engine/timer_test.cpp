#include "gawait/engine/timer.hpp"

#include "engine/timer_heap.hpp"
#include "gawait/engine/engine.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;

using timer = test::engine_fixture;

TEST_F(timer, timers_run_in_the_order_of_their_deadlines) {
    alarm a(logs('a')), b(logs('b')), c(logs('c'));
    const auto now = clock::now();
    home->start(c, now + 3ms);
    home->start(a, now + 1ms);
    home->start(b, now + 2ms);
    EXPECT_TRUE(until_logged(3));
    EXPECT_EQ(log, "abc");
}

TEST_F(timer, timers_of_one_deadline_run_in_the_order_in_which_they_were_started) {
    const auto deadline = clock::now() + 2ms;
    std::vector<std::unique_ptr<alarm>> alarms;
    std::string expected;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        alarms.push_back(std::make_unique<alarm>(logs(letter)));
        home->start(*alarms.back(), deadline);
        expected += letter;
    }
    EXPECT_TRUE(until_logged(expected.size()));
    EXPECT_EQ(log, expected);
}

TEST_F(timer, of_two_timers_that_are_due_together_the_better_priority_runs_first) {
    alarm low(logs('l'), 10), normal(logs('n')), high(logs('h'), -10);
    const auto deadline = clock::now() + 1ms;
    home->start(low, deadline);
    home->start(normal, deadline);
    home->start(high, deadline);
    EXPECT_TRUE(until_logged(3));
    EXPECT_EQ(log, "hnl");
}

TEST_F(timer, a_deadline_in_the_past_is_due_at_once) {
    alarm yesterday(logs('y')), never_was(logs('n'));
    home->start(yesterday, clock::now() - 24h);
    home->start(never_was, clock::time_point::min());
    EXPECT_TRUE(yesterday.pending());
    EXPECT_TRUE(until_logged(2));
    EXPECT_EQ(log, "ny");
    EXPECT_FALSE(yesterday.pending());
    EXPECT_FALSE(never_was.pending());
}

TEST_F(timer, a_deadline_in_the_past_is_due_in_the_next_round) {
    alarm late(logs('t'));
    action third(logs('d'));
    action second([&] {
        log += 'c';
        home->post(third);
    });
    action beside(logs('b'));
    action first([&] {
        log += 'a';
        home->start(late, clock::time_point::min());
        home->post(second);
    });
    home->post(first);
    home->post(beside);
    EXPECT_TRUE(until_logged(5));
    EXPECT_EQ(log, "abctd");
}

TEST_F(timer, one_that_is_set_to_the_end_of_time_stays_pending_and_holds_up_nobody) {
    alarm never(logs('x')), nearly_never(logs('y')), soon(logs('s'));
    home->start(never, clock::time_point::max());
    home->start(nearly_never, clock::time_point::max() - 1ns);
    home->start(soon, clock::now() + 1ms);
    EXPECT_TRUE(until_logged(1));
    EXPECT_EQ(log, "s");
    EXPECT_TRUE(never.pending());
    EXPECT_TRUE(nearly_never.pending());
    EXPECT_TRUE(home->cancel(never));
    EXPECT_TRUE(home->cancel(nearly_never));
}

TEST_F(timer, cancel_tells_whether_the_timer_was_pending) {
    alarm work(logs('w'));
    EXPECT_FALSE(home->cancel(work)); // never started
    home->start(work, clock::now() + 1h);
    EXPECT_TRUE(work.pending());
    EXPECT_TRUE(home->cancel(work));
    EXPECT_FALSE(work.pending());
    EXPECT_FALSE(home->cancel(work)); // cancelled already
    home->start(work, clock::now());
    EXPECT_TRUE(until_logged(1));
    EXPECT_FALSE(home->cancel(work)); // has run
    EXPECT_EQ(log, "w");
}

TEST_F(timer, a_cancelled_timer_does_not_run) {
    alarm cancelled(logs('x')), other(logs('o'));
    const auto deadline = clock::now() + 1ms;
    home->start(cancelled, deadline);
    home->start(other, deadline);
    home->cancel(cancelled);
    EXPECT_TRUE(until_logged(1));
    context.iterate_while_ready();
    EXPECT_EQ(log, "o");
}

TEST_F(timer, a_timer_of_the_same_round_comes_too_late_to_cancel_another) {
    bool cancelled = true;
    alarm second(logs('b'));
    alarm first([&] {
        log += 'a';
        EXPECT_FALSE(second.pending());
        cancelled = home->cancel(second);
    });
    home->start(first, clock::time_point::min());
    home->start(second, clock::time_point::min());
    EXPECT_TRUE(until_logged(2));
    EXPECT_FALSE(cancelled);
    EXPECT_EQ(log, "ab");
}

TEST_F(timer, the_round_that_starts_a_timer_can_cancel_it_though_it_is_past_its_deadline) {
    bool cancelled = false;
    alarm late(logs('x'));
    action start([&] {
        home->start(late, clock::time_point::min());
        cancelled = home->cancel(late);
    });
    home->post(start);
    EXPECT_TRUE(until([&] { return cancelled; }));
    context.iterate_while_ready();
    EXPECT_EQ(log, "");
}

TEST_F(timer, a_timer_can_be_started_by_a_timer_and_by_itself) {
    alarm* self = nullptr;
    alarm again([&] {
        log += 'a';
        if (log.size() < 5)
            home->start(*self, clock::now() + 100us);
    });
    self = &again;
    alarm first([&] { home->start(again, clock::now() + 100us); });
    home->start(first, clock::now() + 100us);
    EXPECT_TRUE(until_logged(5));
    EXPECT_EQ(log, "aaaaa");
    EXPECT_FALSE(again.pending());
}

TEST_F(timer, no_timer_runs_before_its_deadline) {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> microseconds(0, 5000);
    std::vector<std::unique_ptr<alarm>> alarms;
    int early = 0;
    for (int index = 0; index < 500; ++index) {
        const auto deadline = clock::now() + std::chrono::microseconds(microseconds(random));
        alarms.push_back(std::make_unique<alarm>([this, deadline, &early] {
            early += clock::now() < deadline;
            log += '.';
        }));
        home->start(*alarms.back(), deadline);
    }
    EXPECT_TRUE(until_logged(alarms.size()));
    EXPECT_EQ(early, 0);
}

TEST_F(timer, a_deadline_below_a_millisecond_away_wakes_a_loop_that_blocks) {
    alarm work(logs('w'));
    for (int time = 0; time < 20; ++time) {
        log.clear();
        const auto begin = clock::now();
        home->start(work, begin + 300us);
        ASSERT_TRUE(until_logged(1));
        EXPECT_GE(clock::now() - begin, 300us);
    }
}

TEST_F(timer, an_earlier_timer_wakes_a_loop_that_waits_for_a_later_one) {
    alarm later(logs('x')), earlier(logs('e'));
    home->start(later, clock::now() + 1h);
    context.iterate_while_ready(); // arms for the later one
    home->start(earlier, clock::now() + 1ms);
    EXPECT_TRUE(until_logged(1));
    EXPECT_EQ(log, "e");
    home->cancel(later);
}

TEST_F(timer, one_that_follows_a_cancelled_one_is_not_missed) {
    alarm sooner(logs('x')), later(logs('l'));
    home->start(sooner, clock::now() + 500us);
    home->start(later, clock::now() + 3ms);
    context.iterate_while_ready(); // arms for the sooner one
    home->cancel(sooner);
    EXPECT_TRUE(until_logged(1));
    EXPECT_EQ(log, "l");
}

TEST_F(timer, a_hundred_thousand_started_and_cancelled_leave_nothing_running) {
    std::vector<std::unique_ptr<alarm>> alarms;
    const auto deadline = clock::now() + 1h;
    for (int index = 0; index < 100'000; ++index) {
        alarms.push_back(std::make_unique<alarm>(logs('x')));
        home->start(*alarms.back(), deadline + std::chrono::microseconds(index % 977));
    }
    for (auto& each : alarms)
        ASSERT_TRUE(home->cancel(*each));
    for (auto& each : alarms)
        ASSERT_FALSE(each->pending());
    alarms.clear();
    alarm last(logs('l'));
    home->start(last, clock::now() + 100us);
    EXPECT_TRUE(until_logged(1));
    context.iterate_while_ready(); // what it was armed for before
    EXPECT_FALSE(g_main_context_pending(context.get()));
    EXPECT_EQ(log, "l");
}

TEST_F(timer, an_idle_engine_with_a_pending_timer_is_not_ready) {
    alarm work(logs('x'));
    home->start(work, clock::now() + 1h);
    context.iterate_while_ready();
    EXPECT_FALSE(g_main_context_pending(context.get()));
    home->cancel(work);
}

// The heap, against a model --------------------------------------------------------

class heap_timer : public gawait::timer {
public:
    heap_timer() : timer([](job&) noexcept {}) {}
};

/// Does the same to a heap and to a sorted map, and compares.
class heap_and_model {
public:
    explicit heap_and_model(unsigned seed) : random_(seed), timers_(200) {}

    void push() {
        heap_timer& work = any_timer();
        if (work.pending())
            return;
        const clock::time_point deadline(std::chrono::nanoseconds(below(50)));
        heap_.push(work, deadline);
        model_.emplace(std::pair(deadline, order_++), &work);
        EXPECT_TRUE(work.pending());
    }

    void cancel() {
        heap_timer& work = any_timer();
        const auto erased =
            std::erase_if(model_, [&](const auto& each) { return each.second == &work; });
        EXPECT_EQ(heap_.cancel(work), erased == 1);
        EXPECT_FALSE(work.pending());
    }

    void pop() {
        const clock::time_point now(std::chrono::nanoseconds(below(50)));
        gawait::timer* expected = nullptr;
        if (!model_.empty() && model_.begin()->first.first <= now)
            expected = model_.extract(model_.begin()).mapped();
        gawait::timer* popped = heap_.pop_due(now);
        EXPECT_EQ(popped, expected);
        if (popped) {
            EXPECT_FALSE(popped->pending());
        }
    }

    void clear() {
        heap_.clear();
        model_.clear();
        for (const heap_timer& each : timers_)
            EXPECT_FALSE(each.pending());
    }

    void compare() {
        EXPECT_EQ(heap_.empty(), model_.empty());
        EXPECT_EQ(heap_.next_deadline(),
                  model_.empty() ? clock::time_point::max() : model_.begin()->first.first);
    }

    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_);
    }

private:
    heap_timer& any_timer() { return timers_[below(unsigned(timers_.size()))]; }

    std::mt19937 random_;
    std::vector<heap_timer> timers_;
    timer_heap heap_;
    std::map<std::pair<clock::time_point, int>, gawait::timer*> model_;
    int order_ = 0;
};

class timer_heap_storm : public testing::TestWithParam<unsigned> {};

TEST_P(timer_heap_storm, behaves_as_a_sorted_map) {
    heap_and_model both(GetParam());
    for (int step = 0; step < 50'000 && !testing::Test::HasFailure(); ++step) {
        // In turn growing, mostly cancelled (so that blank entries are swept), and
        // shrinking.
        const unsigned phase = unsigned(step) / 1000 % 3;
        const unsigned choice = both.below(100);
        if (choice < (phase == 0 ? 70u : 45u))
            both.push();
        else if (choice < (phase == 1 ? 97u : 80u))
            both.cancel();
        else
            both.pop();
        if (both.below(5000) == 0)
            both.clear();
        both.compare();
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, timer_heap_storm, testing::Range(1u, 9u));

TEST(timer_heap, sweeps_what_was_cancelled_and_keeps_the_order_of_the_rest) {
    std::vector<heap_timer> timers(1000);
    timer_heap heap;
    for (std::size_t index = 0; index < timers.size(); ++index)
        heap.push(timers[index], clock::time_point(std::chrono::nanoseconds(index * 7919 % 1000)));
    for (std::size_t index = 0; index < timers.size(); ++index)
        if (index % 10 != 0)
            heap.cancel(timers[index]);
    std::vector<std::size_t> popped;
    while (gawait::timer* due = heap.pop_due(clock::time_point::max()))
        popped.push_back(std::size_t(static_cast<heap_timer*>(due) - timers.data()) * 7919 % 1000);
    EXPECT_EQ(popped.size(), 100u);
    EXPECT_TRUE(std::is_sorted(popped.begin(), popped.end()));
    EXPECT_TRUE(heap.empty());
}

} // namespace
} // namespace gawait
