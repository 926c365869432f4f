#include "gawait/with_cleanup.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "support/failure_of.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::failure_of;

TEST(with_cleanup, cleans_up_after_the_work_and_gives_its_result) {
    const test::own_context context;
    std::string log;
    const auto work = [&]() -> task<int> {
        co_await test::let_others_run();
        log += 'w';
        co_return 5;
    };
    const auto clean_up = [&]() -> task<> {
        co_await test::let_others_run();
        log += 'c';
    };
    EXPECT_EQ(run(with_cleanup(work(), clean_up)), 5);
    EXPECT_EQ(log, "wc");
}

TEST(with_cleanup, cleans_up_after_work_that_fails_and_passes_its_failure_on) {
    const test::own_context context;
    bool cleaned = false;
    const auto clean_up = [&]() -> task<> {
        co_await test::let_others_run();
        cleaned = true;
    };
    EXPECT_EQ(failure_of(with_cleanup(test::fail("work"), clean_up)), "work");
    EXPECT_TRUE(cleaned);
}

TEST(with_cleanup, cleans_up_to_the_end_when_it_is_cancelled) {
    const test::own_context context;
    bool cleaned = false;
    const auto clean_up = [&]() -> task<> {
        co_await sleep_for(1ms);
        cleaned = true;
    };
    const auto body = [&]() -> task<> {
        const auto working = spawn(with_cleanup(sleep_for(1h), clean_up));
        co_await test::let_others_run();
        working.cancel();
        EXPECT_TRUE((co_await as_result(working)).was_cancelled());
        EXPECT_TRUE(cleaned);
    };
    run(body());
}

TEST(with_cleanup, fails_with_the_cleanup_unless_the_work_has_failed) {
    const test::own_context context;
    const test::unobserved_log log;
    const auto clean_up = [] { return test::fail("cleanup"); };
    EXPECT_EQ(failure_of(with_cleanup(test::give(1), clean_up)), "cleanup");
    EXPECT_EQ(log.taken(), std::vector<std::string>());
    EXPECT_EQ(failure_of(with_cleanup(test::fail("work"), clean_up)), "work");
    EXPECT_EQ(log.taken(), std::vector<std::string>{"cleanup"});
}

} // namespace
} // namespace gawait
