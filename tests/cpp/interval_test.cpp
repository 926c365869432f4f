#include "gawait/interval.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <thread>

namespace gawait {
namespace {

using namespace std::chrono_literals;

TEST(interval, comes_at_each_of_its_points_and_never_early) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto begin = clock::now();
        interval every(2ms);
        for (int point = 1; point <= 3; ++point) {
            co_await every.next();
            EXPECT_GE(clock::now() - begin, point * 2ms);
        }
    };
    run(body());
}

TEST(interval, of_which_points_have_passed_comes_once_for_them_and_goes_on_in_step) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto begin = clock::now();
        interval every(20ms);
        std::this_thread::sleep_for(50ms);
        co_await every.next(); // that of 20 ms, and of 40
        const auto now = clock::now() - begin;
        co_await every.next();
        EXPECT_GE(clock::now() - begin, (now / 20ms) * 20ms) << "not at once again";
        EXPECT_GE(clock::now() - begin, 60ms);
    };
    run(body());
}

template <class Length> bool is_refused(Length length) {
    try {
        (void)interval(length);
        return false;
    } catch (const error& refusal) {
        return refusal.matches(G_IO_ERROR_INVALID_ARGUMENT);
    }
}

TEST(interval, is_longer_than_0) {
    EXPECT_TRUE(is_refused(0ms));
    EXPECT_TRUE(is_refused(-1ms));
    EXPECT_TRUE(is_refused(std::chrono::hours::min()));
    EXPECT_TRUE(
        is_refused(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_FALSE(is_refused(std::chrono::duration<double>(1e-12)));
}

TEST(interval, that_is_longer_than_the_clock_can_express_never_comes) {
    const test::own_context context;
    const auto body = [](auto length) -> task<> {
        interval every(length);
        for (int attempt = 0; attempt < 2; ++attempt) {
            const auto outcome = co_await as_result(with_timeout(2ms, every.next()));
            EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        }
    };
    run(body(std::chrono::hours::max()));
    run(body(clock::duration::max()));
    run(body(std::chrono::hours(24 * 365 * 200))); // twice that is
    run(body(std::chrono::duration<double>(1e30)));
}

TEST(interval, is_cancelled) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const auto waiting = spawn([]() -> task<> {
            interval every(1h);
            co_await every.next();
        });
        co_await test::let_others_run();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
    };
    run(body());
}

} // namespace
} // namespace gawait
