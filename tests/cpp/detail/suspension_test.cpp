#include "gawait/detail/suspension.hpp"

#include "gawait/async_generator.hpp"
#include "gawait/channel.hpp"
#include "gawait/event.hpp"
#include "gawait/fd.hpp"
#include "gawait/mutex.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/semaphore.hpp"
#include "gawait/with_timeout.hpp"
#include "support/descriptors.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <coroutine>
#include <functional>

namespace gawait {
namespace {

using namespace std::chrono_literals;

/// So many awaits that are ready take many times as long as a turn.
constexpr int many = 2'000'000;

/// Resumes a coroutine in the callback of a source that is none of the engine's.
struct in_callback {
    GMainContext* context;

    bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        const auto idle = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_callback(
            idle,
            [](gpointer address) -> gboolean {
                std::coroutine_handle<>::from_address(address).resume();
                return G_SOURCE_REMOVE;
            },
            awaiting.address(), nullptr);
        g_source_attach(idle, context);
    }

    void await_resume() const noexcept {}
};

/// Awaits something that is always ready until another task has run, and counts.
task<int> loop_until(const bool& other_ran, std::function<task<>()> await_many) {
    int awaited = 0;
    for (; !other_ran && awaited < many; awaited += 10)
        co_await await_many();
    co_return awaited;
}

task<> note(bool& ran) {
    ran = true;
    co_return;
}

/// Expects that a loop of this, ten times at each call, lets another task run.
void expect_to_give_way(const std::function<task<>()>& await_ten) {
    const test::own_context context;
    bool other_ran = false;
    const auto body = [&]() -> task<> {
        const auto other = spawn(note(other_ran));
        const int awaited = co_await loop_until(other_ran, await_ten);
        EXPECT_LT(awaited, many) << "nobody else had a turn";
    };
    run(body());
}

TEST(suspension, that_need_not_wait_gives_way_when_a_semaphore_is_free) {
    semaphore permits(1);
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i) {
            co_await permits.acquire();
            permits.release();
        }
    });
}

TEST(suspension, that_need_not_wait_gives_way_when_a_mutex_is_free) {
    mutex one;
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i)
            const auto lock = co_await one.lock();
    });
}

TEST(suspension, that_need_not_wait_gives_way_when_an_event_is_set) {
    event happened;
    happened.set();
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i)
            co_await happened.wait();
    });
}

TEST(suspension, that_need_not_wait_gives_way_when_a_channel_has_room) {
    channel<int> numbers(1);
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 5; ++i) {
            co_await numbers.send(i);
            const auto received = co_await numbers.receive();
            EXPECT_EQ(received, i);
        }
    });
}

TEST(suspension, that_need_not_wait_gives_way_when_a_channel_is_closed) {
    channel<int> numbers(1);
    numbers.close();
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i)
            (void)co_await numbers.receive();
    });
}

TEST(suspension, that_need_not_wait_gives_way_when_a_descriptor_is_no_thing_to_wait_for) {
    const test::descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i)
            (void)co_await readable(file.get());
    });
}

TEST(nested_run, that_is_through_at_once_gives_way_when_a_generator_is) {
    const auto numbers = []() -> async_generator<int> {
        for (int number = 0;; ++number)
            co_yield number;
    };
    auto counting = numbers();
    expect_to_give_way([&]() -> task<> {
        for (int i = 0; i < 10; ++i)
            (void)co_await counting.next();
    });
}

TEST(suspension, that_need_not_wait_gives_way_in_a_callback_of_another_source) {
    const test::own_context context;
    semaphore permits(1);
    bool other_ran = false;
    const auto body = [&]() -> task<> {
        const auto other = spawn(note(other_ran));
        co_await in_callback{context.get()};
        other_ran = false;
        const auto another = spawn(note(other_ran));
        int awaited = 0;
        for (; !other_ran && awaited < many; ++awaited) {
            co_await permits.acquire();
            permits.release();
        }
        EXPECT_LT(awaited, many) << "nobody else had a turn";
    };
    run(body());
}

TEST(suspension, that_need_not_wait_lets_a_timeout_in) {
    const test::own_context context;
    semaphore permits(1);
    int awaited = 0;
    const auto busy = [&]() -> task<> {
        for (; awaited < 100 * many; ++awaited) {
            co_await permits.acquire();
            permits.release();
        }
    };
    const auto outcome = run(as_result(with_timeout(5ms, busy())));
    EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_TIMED_OUT));
    EXPECT_EQ(permits.available(), 1U) << "no permit went with a cancelled await";
}

} // namespace
} // namespace gawait
