#include "gawait/detail/wait_queue.hpp"

#include "gawait/channel.hpp"
#include "gawait/latch.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/select.hpp"
#include "gawait/semaphore.hpp"
#include "gawait/spawn.hpp"
#include "gawait/thread_channel.hpp"
#include "gawait/thread_event.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace gawait {
namespace {

/// When the task that waits is cancelled, too.
enum class task_cancelled { none, before, after };

/// Destroys an object that a task and another one wait for.
template <class Object>
task<> destroy_while_awaited(std::unique_ptr<Object> object, task<> (*wait)(Object&),
                             task_cancelled when) {
    const auto waiting = spawn(wait(*object));
    const auto other = spawn(wait(*object));
    co_await test::let_others_run();
    if (when == task_cancelled::before)
        waiting.cancel();
    object.reset();
    if (when == task_cancelled::after)
        waiting.cancel();
    for (const auto* each : {&waiting, &other}) {
        const auto outcome = co_await as_result(*each);
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
    }
}

struct wait_queue : testing::Test {
    const test::own_context context;

    template <class Object, class... Arguments>
    static void fails(task<> (*wait)(Object&), Arguments... arguments) {
        for (const auto when :
             {task_cancelled::none, task_cancelled::before, task_cancelled::after})
            run(destroy_while_awaited(std::make_unique<Object>(arguments...), wait, when));
    }
};

TEST_F(wait_queue, of_a_channel_that_is_destroyed_fails) {
    fails<channel<int>>([](channel<int>& from) -> task<> { co_await from.receive(); }, 0U);
    fails<channel<int>>([](channel<int>& to) -> task<> { co_await to.send(1); }, 0U);
    fails<channel<int>>([](channel<int>& from) -> task<> { co_await select(from); }, 0U);
}

TEST_F(wait_queue, of_an_event_or_a_latch_that_is_destroyed_fails) {
    fails<event>([](event& flag) -> task<> { co_await flag.wait(); });
    fails<latch>([](latch& zero) -> task<> { co_await zero.wait(); }, 1U);
}

TEST_F(wait_queue, of_a_semaphore_that_is_destroyed_fails) {
    fails<semaphore>([](semaphore& free) -> task<> { co_await free.acquire(); }, 0U);
    fails<semaphore>([](semaphore& free) -> task<> { auto held = co_await free.hold(); }, 0U);
}

TEST_F(wait_queue, of_a_thread_channel_or_thread_event_that_is_destroyed_fails) {
    fails<thread_channel<int>>([](thread_channel<int>& from) -> task<> { co_await from.receive(); },
                               1U);
    fails<thread_event>([](thread_event& flag) -> task<> { co_await flag.wait(); });
}

} // namespace
} // namespace gawait
