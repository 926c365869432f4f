#include "gawait/mutex.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::let_others_run;

task<> note_under_lock(mutex& guard, char name, std::string& log) {
    const auto lock = co_await guard.lock();
    log += name;
    co_await yield();
    log += name;
}

TEST(mutex, lets_one_task_at_a_time_through_in_the_order_in_which_they_came) {
    const test::own_context context;
    mutex guard;
    std::string log;
    const auto body = [&]() -> task<> {
        co_await when_all(note_under_lock(guard, 'a', log), note_under_lock(guard, 'b', log),
                          note_under_lock(guard, 'c', log));
    };
    run(body());
    EXPECT_EQ(log, "aabbcc");
    EXPECT_FALSE(guard.locked());
}

TEST(mutex, is_locked_as_long_as_the_lock_lives) {
    const test::own_context context;
    mutex guard;
    const auto body = [&]() -> task<> {
        EXPECT_FALSE(guard.locked());
        {
            const auto lock = co_await guard.lock();
            EXPECT_TRUE(guard.locked());
            co_await yield();
            EXPECT_TRUE(guard.locked());
        }
        EXPECT_FALSE(guard.locked());
    };
    run(body());
}

TEST(mutex, that_is_free_is_locked_without_going_round) {
    const test::own_context context;
    mutex guard;
    const auto body = [&]() -> task<> {
        const auto other = spawn(yield());
        const auto lock = co_await guard.lock();
        EXPECT_TRUE(guard.locked());
        co_await other;
    };
    run(body());
}

TEST(mutex, lock_moves_with_its_owner) {
    const test::own_context context;
    mutex guard;
    mutex other_guard;
    const auto body = [&]() -> task<> {
        auto lock = co_await guard.lock();
        mutex_lock moved = std::move(lock);
        EXPECT_TRUE(guard.locked());
        moved = co_await other_guard.lock();
        EXPECT_FALSE(guard.locked());
        EXPECT_TRUE(other_guard.locked());
    };
    run(body());
    EXPECT_FALSE(other_guard.locked());
}

TEST(mutex, that_is_gone_leaves_a_lock_of_nothing) {
    const test::own_context context;
    const auto body = []() -> task<> {
        auto guard = std::make_unique<mutex>();
        auto lock = co_await guard->lock();
        const auto waiting = spawn([&]() -> task<> { auto later = co_await guard->lock(); });
        co_await let_others_run();
        guard.reset();
        EXPECT_TRUE((co_await as_result(waiting)).error().matches(G_IO_ERROR_CLOSED));
        mutex other;
        lock = co_await other.lock();
        EXPECT_TRUE(other.locked());
    };
    run(body());
}

TEST(mutex, is_unlocked_by_an_exception) {
    const test::own_context context;
    mutex guard;
    const auto body = [&]() -> task<> {
        const auto lock = co_await guard.lock();
        throw std::runtime_error("failed under the lock");
    };
    EXPECT_THROW(run(body()), std::runtime_error);
    EXPECT_FALSE(guard.locked());
}

TEST(mutex, is_handed_to_the_next_and_not_to_a_newcomer) {
    const test::own_context context;
    mutex guard;
    std::string log;
    const auto body = [&]() -> task<> {
        std::optional<mutex_lock> lock(co_await guard.lock());
        const auto waiting = spawn(note_under_lock(guard, 'w', log));
        co_await let_others_run();
        lock.reset();
        EXPECT_TRUE(guard.locked()) << "it is the waiting task's";
        co_await note_under_lock(guard, 'n', log);
        co_await waiting;
    };
    run(body());
    EXPECT_EQ(log, "wwnn");
}

TEST(mutex, a_cancelled_wait_does_not_lock_it_and_leaves_no_gap) {
    const test::own_context context;
    mutex guard;
    std::string log;
    const auto body = [&]() -> task<> {
        std::optional<mutex_lock> lock(co_await guard.lock());
        const auto first = spawn(note_under_lock(guard, 'a', log));
        const auto second = spawn(note_under_lock(guard, 'b', log));
        co_await let_others_run();
        first.cancel();
        EXPECT_TRUE((co_await as_result(first)).was_cancelled());
        lock.reset();
        co_await second;
        EXPECT_FALSE(guard.locked());
    };
    run(body());
    EXPECT_EQ(log, "bb");
}

TEST(mutex, that_is_free_is_not_locked_by_a_cancelled_task) {
    const test::own_context context;
    mutex guard;
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(guard.lock())).was_cancelled());
        EXPECT_FALSE(guard.locked());
    };
    run(body());
}

TEST(mutex, handed_over_in_the_round_of_a_cancellation_is_unlocked_in_the_end) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (const bool cancel_first : {false, true}) {
            mutex guard;
            std::string log;
            std::optional<mutex_lock> lock(co_await guard.lock());
            const auto waiting = spawn(note_under_lock(guard, 'w', log));
            co_await let_others_run();
            if (cancel_first)
                waiting.cancel();
            lock.reset();
            if (!cancel_first)
                waiting.cancel();
            (void)co_await as_result(waiting);
            EXPECT_FALSE(guard.locked());
            co_await note_under_lock(guard, 'n', log);
        }
    };
    run(body());
}

TEST(mutex, waited_for_with_a_timeout_is_given_up) {
    const test::own_context context;
    mutex guard;
    const auto body = [&]() -> task<> {
        {
            const auto lock = co_await guard.lock();
            const auto outcome = co_await as_result(with_timeout(1ms, guard.lock()));
            EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        }
        EXPECT_FALSE(guard.locked());
    };
    run(body());
}

} // namespace
} // namespace gawait
