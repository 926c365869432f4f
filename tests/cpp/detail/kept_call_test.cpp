#include "gawait/detail/kept_call.hpp"

#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::counted;

TEST(kept_call, keeps_what_a_spawned_lambda_captures) {
    const test::own_context context;
    const auto body = []() -> task<> {
        join_handle<std::string> handle = [] {
            const std::string text(100, 'x');
            return spawn([text]() -> task<std::string> {
                co_await yield();
                co_return text;
            });
        }();
        const std::string text = co_await handle;
        EXPECT_EQ(text, std::string(100, 'x'));
    };
    run(body());
}

TEST(kept_call, keeps_arguments_that_a_spawned_function_takes_by_reference) {
    const test::own_context context;
    const auto length = [](const std::string& text) -> task<std::size_t> {
        co_await yield();
        co_return text.size();
    };
    const auto body = [&]() -> task<> {
        const auto handle = spawn(length, std::string(100, 'x'));
        const std::size_t counted_later = co_await handle;
        EXPECT_EQ(counted_later, 100U);
    };
    run(body());
}

TEST(kept_call, moves_arguments_that_only_move) {
    const test::own_context context;
    const auto take = [](std::unique_ptr<int> owned) -> task<int> {
        co_await yield();
        co_return *owned;
    };
    EXPECT_EQ(run(spawn(take, std::make_unique<int>(5))), 5);
}

TEST(kept_call, of_a_function_that_throws_fails_the_task) {
    const test::own_context context;
    const auto refuse = [](int) -> task<> { throw error(G_IO_ERROR_FAILED, "no"); };
    EXPECT_THROW(run(spawn(refuse, 1)), error);
}

TEST(kept_call, lets_go_of_all_when_the_task_has_ended) {
    const test::own_context context;
    std::atomic<int> live{0};
    const auto body = [&]() -> task<> {
        const auto handle = spawn(
            [kept = counted(live)](const counted&) -> task<> { co_await yield(); }, counted(live));
        EXPECT_EQ(live, 2);
        co_await handle;
        EXPECT_EQ(live, 0);
    };
    run(body());
}

TEST(kept_call, lets_go_of_all_when_the_task_never_begins) {
    const test::own_context context;
    std::atomic<int> live{0};
    bool called = false;
    const auto body = [&]() -> task<> {
        const auto handle = spawn(
            [&called](const counted&) -> task<> {
                called = true;
                co_return;
            },
            counted(live));
        handle.cancel();
        bool was_cancelled = false;
        try {
            co_await handle;
        } catch (const cancelled&) {
            was_cancelled = true;
        }
        EXPECT_TRUE(was_cancelled);
        EXPECT_EQ(live, 0);
    };
    run(body());
    EXPECT_FALSE(called);
}

TEST(kept_call, keeps_what_a_task_of_a_scope_captures_and_is_given) {
    const test::own_context context;
    std::vector<std::string> seen;
    run(with_scope([&](scope& children) -> task<> {
        for (const char* name : {"a", "b"}) {
            const std::string text(100, *name);
            children.spawn(
                [&seen, text](const std::string& more) -> task<> {
                    co_await yield();
                    seen.push_back(text + more);
                },
                std::string("!"));
        }
        co_return;
    }));
    EXPECT_EQ(seen, (std::vector{std::string(100, 'a') + "!", std::string(100, 'b') + "!"}));
}

TEST(kept_call, on_another_context_runs_there) {
    const test::loop_thread elsewhere;
    const auto where = [](int) -> task<std::thread::id> { co_return std::this_thread::get_id(); };
    EXPECT_EQ(run(spawn_on(elsewhere.context(), where, 1)), elsewhere.id());
}

} // namespace
} // namespace gawait
