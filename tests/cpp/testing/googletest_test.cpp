#include "gawait/testing/googletest.hpp"

#include "gawait/shield.hpp"
#include "gawait/sleep.hpp"
#include "gawait/testing/virtual_time.hpp"
#include "support/late_operation.hpp"
#include "support/later.hpp"
#include "support/loop.hpp"

#include <gtest/gtest-spi.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::filler;

/// Runs a body as that of a test in line 5 of "some_test.cpp".
template <class Body> void run_test(Body body, std::chrono::milliseconds time_out = 10s) {
    const test::own_context context;
    detail::test_run(body(), time_out, "some_test.cpp", 5).run_until_done();
}

// What tests do ------------------------------------------------------------------------

GAWAIT_TEST(googletest, runs_a_coroutine) {
    co_await sleep_for(1ms);
    EXPECT_EQ(co_await test::give(5), 5);
}

GAWAIT_TEST(googletest, has_a_context_of_its_own) {
    EXPECT_NE(g_main_context_get_thread_default(), nullptr);
    EXPECT_NE(g_main_context_get_thread_default(), g_main_context_default());
    co_return;
}

struct googletest_fixture : ::testing::Test {
    static constexpr auto time_out = 20s;

    GMainContext* const made_on = g_main_context_get_thread_default();
    int value = 0;

    void SetUp() override { value = 5; }
    void TearDown() override { EXPECT_EQ(value, 6); }
};

GAWAIT_TEST_F(googletest_fixture, has_a_fixture_that_is_made_on_its_context) {
    EXPECT_EQ(made_on, g_main_context_get_thread_default());
    EXPECT_EQ(value++, 5);
    co_return;
}

TEST_F(googletest_fixture, may_share_a_fixture_with_other_tests) { value = 6; }

struct many_names : ::testing::Test {
    int body = 1, file = 2, line = 4, context = 8, time_out_of = 16;
};

GAWAIT_TEST_F(many_names, of_a_fixture_are_not_hidden) {
    EXPECT_EQ(body + file + line + context + time_out_of, 31);
    co_return;
}

struct in_virtual_time : ::testing::Test {
    virtual_time time;
};

GAWAIT_TEST_F(in_virtual_time, its_time_out_is_real) {
    const auto began = now();
    co_await sleep_for(24h);
    EXPECT_EQ(now() - began, 24h);
}

// What becomes of those that go wrong --------------------------------------------------

TEST(googletest, a_test_that_never_ends_fails_by_its_time_out_and_says_so) {
    const auto never = [] { run_test([]() -> task<> { co_await test::sleep_for_ever(); }, 5ms); };
    EXPECT_NONFATAL_FAILURE(never(), "has not ended in 5 ms");
}

TEST(googletest, a_test_that_never_ends_in_virtual_time_fails_by_its_time_out) {
    const auto never = [] {
        run_test(
            []() -> task<> {
                const virtual_time time;
                co_await sleep_until(clock::time_point::max());
            },
            5ms);
    };
    EXPECT_NONFATAL_FAILURE(never(), "has not ended in 5 ms");
}

TEST(googletest, a_time_out_tells_what_is_in_flight_and_waits_for_it) {
    static filler slow{.length = 1h, .late = 2ms};
    const auto fill = [] { run_test([] { return test::fill_frame(slow); }, 5ms); };
    EXPECT_NONFATAL_FAILURE(fill(), ", in flight for ");
    EXPECT_EQ(slow.ended, 1);
}

TEST(googletest_death_test, a_test_that_ends_by_no_cancellation_aborts) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto stubborn = []() -> task<> { co_await shield(test::sleep_for_ever()); };
    EXPECT_DEATH(run_test(stubborn, 5ms), "some_test.cpp:5: the test was cancelled, but has not");
}

TEST(googletest, an_exception_is_a_failure_of_the_test) {
    const auto fails = [] {
        run_test([]() -> task<> {
            co_await sleep_for(1ms);
            throw std::runtime_error("out of luck");
        });
    };
    EXPECT_NONFATAL_FAILURE(fails(), "the test threw: out of luck");
    const auto fails_oddly = [] {
        run_test([]() -> task<> {
            co_await sleep_for(1ms);
            throw 5; // NOLINT(hicpp-exception-baseclass)
        });
    };
    EXPECT_NONFATAL_FAILURE(fails_oddly(), "no std::exception");
}

TEST(googletest, a_cancellation_that_is_none_of_the_time_out_is_a_failure) {
    const auto cancels = [] {
        run_test([]() -> task<> {
            co_await sleep_for(1ms);
            throw cancelled();
        });
    };
    EXPECT_NONFATAL_FAILURE(cancels(), "was cancelled");
}

task<> fail_and_end() {
    EXPECT_EQ(co_await test::give(5), 6);
    end_test_if_failed();
    ADD_FAILURE() << "behind the end";
}

// By the test after it.
GAWAIT_TEST(DISABLED_googletest, ends_where_it_has_failed) {
    end_test_if_failed();
    co_await fail_and_end();
    ADD_FAILURE() << "behind the end";
}

TEST(googletest, a_test_can_be_ended_where_it_has_failed_from_what_it_awaits) {
    char* output = nullptr;
    int status = 0;
    ASSERT_TRUE(g_spawn_command_line_sync(
        "/proc/self/exe --gtest_also_run_disabled_tests --gtest_filter=DISABLED_googletest.*",
        &output, nullptr, &status, nullptr));
    const unique_string told(output);
    EXPECT_FALSE(g_spawn_check_wait_status(status, nullptr));
    const std::string_view text(told.get());
    EXPECT_NE(text.find("co_await test::give(5)"), text.npos) << text;
    EXPECT_EQ(text.find("behind the end"), text.npos) << text;
    EXPECT_EQ(text.find("threw"), text.npos) << text;
}

TEST(googletest, what_a_test_has_left_running_is_cancelled_and_awaited) {
    bool ended = false;
    const auto left = [&]() -> task<> {
        try {
            co_await test::sleep_for_ever();
        } catch (const cancelled&) {
            ended = true;
        }
    };
    run_test([&]() -> task<> {
        std::ignore = spawn(left());
        co_await sleep_for(1ms);
    });
    EXPECT_TRUE(ended);
}

} // namespace
} // namespace gawait
