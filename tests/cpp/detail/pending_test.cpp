#include "gawait/detail/pending.hpp"

#include "gawait/async.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/streams.hpp"
#include "support/loop.hpp"
#include "support/streams.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;

struct counted_operations : testing::Test {
    test::own_context context;
    engine_ref home = engine::get();

    std::size_t in_flight() const { return home->read_counters().operations; }
};

task<> read_some(GInputStream* stream) {
    std::array<char, 8> buffer{};
    co_await read_from(stream, buffer);
}

task<> sleep_long() { co_await sleep_for(1h); }

/// Operations that end when the test says so.
struct operations_by_hand {
    std::vector<ref<GTask>> begun;

    task<> begin() {
        co_await async<void>(
            [this](GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
                begun.push_back(
                    ref<GTask>::adopt(g_task_new(nullptr, cancellable, callback, data)));
            },
            +[](GAsyncResult* result, GError** failure) {
                return g_task_propagate_boolean(reinterpret_cast<GTask*>(result), failure);
            });
    }

    void end(std::size_t which) const { g_task_return_boolean(begun[which], TRUE); }
};

TEST_F(counted_operations, are_those_that_have_not_called_back) {
    operations_by_hand operations;
    const auto body = [&]() -> task<> {
        EXPECT_EQ(in_flight(), 0U);
        auto one = spawn(operations.begin()), other = spawn(operations.begin());
        co_await test::let_others_run();
        EXPECT_EQ(in_flight(), 2U);
        operations.end(0);
        co_await std::move(one);
        EXPECT_EQ(in_flight(), 1U);
        operations.end(1);
        co_await std::move(other);
        EXPECT_EQ(in_flight(), 0U);
    };
    run(body());
}

TEST_F(counted_operations, stay_when_they_are_cancelled_until_they_end) {
    operations_by_hand operations;
    const auto body = [&]() -> task<> {
        auto cancelled = spawn(operations.begin());
        co_await test::let_others_run();
        cancelled.cancel();
        co_await test::let_others_run();
        EXPECT_EQ(in_flight(), 1U);
        operations.end(0);
        (void)co_await as_result(std::move(cancelled));
        EXPECT_EQ(in_flight(), 0U);
    };
    run(body());
}

TEST_F(counted_operations, are_those_of_streams_that_wait_for_a_descriptor_too) {
    const test::pipe_streams pipe;
    const auto body = [&]() -> task<> {
        auto reading = spawn(read_some(pipe.input));
        co_await test::let_others_run();
        EXPECT_EQ(in_flight(), 1U);
        pipe.far.write("x");
        co_await std::move(reading);
        EXPECT_EQ(in_flight(), 0U);
        pipe.far.write("x");
        co_await read_some(pipe.input);
        EXPECT_EQ(in_flight(), 0U);
    };
    run(body());
}

TEST_F(counted_operations, are_no_other_waits) {
    const auto body = [&]() -> task<> {
        auto sleeping = spawn(sleep_long());
        co_await test::let_others_run();
        EXPECT_EQ(in_flight(), 0U);
        sleeping.cancel();
        (void)co_await as_result(std::move(sleeping));
    };
    run(body());
}

} // namespace
} // namespace gawait
