// Whatever throws inside of an await, a copy of a value or an allocation, nothing of it is
// left behind: no timer, no descriptor, no job, no coroutine.

#include "gawait/gawait.hpp"

#include "engine/engine_state.hpp"
#include "support/child_process.hpp"
#include "support/counted.hpp"
#include "support/descriptors.hpp"
#include "support/fragile.hpp"
#include "support/loop.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>
#include <stop_token>
#include <string>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::counted;
using gawait::test::descriptor_pair;
using gawait::test::fragile;
using gawait::test::own_context;
using gawait::test::short_lived_child;
using gawait::test::unobserved_log;

namespace {

// NOLINTBEGIN(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory): this is the heap.

/// Which of this thread's allocations fails, counted down; zero for none.
thread_local volatile int allocations_left = 0;

void* allocate(std::size_t size) {
    const int left = allocations_left;
    if (left > 0) {
        allocations_left = left - 1;
        if (left == 1)
            throw std::bad_alloc();
    }
    void* const memory = std::malloc(size ? size : 1);
    if (!memory)
        throw std::bad_alloc();
    return memory;
}

} // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

// NOLINTEND(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)

namespace {

std::atomic<int> live{0};

task<fragile> give_fragile(int value) {
    co_await yield();
    co_return fragile(value);
}

task<int> give_number(int value, counted) {
    co_await yield();
    co_return value;
}

task<> linger(counted) { (void)co_await as_result(sleep_for(1ms)); }

async_generator<fragile> count_to(int last, counted) {
    for (int value = 1; value <= last; ++value) {
        co_await yield();
        co_yield fragile(value);
    }
}

task<> send_all(channel<fragile>& to, counted) {
    for (int value = 1; value <= 3; ++value)
        co_await to.send(fragile(value));
    to.close();
}

task<> receive_all(channel<fragile>& from, counted) {
    while (auto received = co_await from.receive()) {
    }
}

task<> exchange(std::size_t capacity) {
    channel<fragile> between(capacity);
    co_await when_all(receive_all(between, counted(live)), send_all(between, counted(live)));
}

struct scenario {
    const char* name;
    std::function<task<>()> body;
};

const scenario scenarios[] = {
    {"task", []() -> task<> { (void)co_await give_fragile(1); }},
    {"as_result", []() -> task<> { (void)co_await as_result(give_fragile(1)); }},
    {"with_timeout", []() -> task<> { (void)co_await with_timeout(20ms, give_fragile(1)); }},
    {"with_timeout that is over",
     []() -> task<> { (void)co_await as_result(with_timeout(1ms, sleep_for(1h))); }},
    {"with_cancellable",
     []() -> task<> {
         const auto source = ref<GCancellable>::adopt(g_cancellable_new());
         (void)co_await with_cancellable(source, give_fragile(1));
     }},
    {"with_stop_token",
     []() -> task<> {
         const std::stop_source source;
         (void)co_await with_stop_token(source.get_token(), give_fragile(1));
     }},
    {"shield", []() -> task<> { (void)co_await shield(give_fragile(1)); }},
    {"with_scope",
     []() -> task<> {
         (void)co_await with_scope([](scope& children) -> task<fragile> {
             children.spawn(linger(counted(live)));
             children.spawn(linger, counted(live));
             co_return fragile(1);
         });
         EXPECT_EQ(live, 0) << "the scope came back before its tasks had ended";
     }},
    {"when_all", []() -> task<> { (void)co_await when_all(give_fragile(1), give_fragile(2)); }},
    {"when_all of a range",
     []() -> task<> {
         std::vector<task<fragile>> several;
         several.push_back(give_fragile(1));
         several.push_back(give_fragile(2));
         (void)co_await when_all(std::move(several));
     }},
    {"when_any", []() -> task<> { (void)co_await when_any(give_fragile(1), give_fragile(2)); }},
    {"when_any of a range",
     []() -> task<> {
         std::vector<task<fragile>> several;
         several.push_back(give_fragile(1));
         several.push_back(give_fragile(2));
         (void)co_await when_any(std::move(several));
     }},
    {"spawn",
     []() -> task<> {
         const auto handle = spawn(give_fragile(1));
         (void)co_await handle;
     }},
    {"spawn of a function",
     []() -> task<> {
         const auto handle = spawn(give_number, 1, counted(live));
         (void)co_await handle;
     }},
    {"spawn of a function with a fragile argument",
     []() -> task<> {
         const auto length = [](const fragile& by_reference) -> task<int> {
             co_await yield();
             co_return by_reference.value;
         };
         const fragile argument(1);
         const auto handle = spawn(length, argument);
         (void)co_await handle;
     }},
    {"to_thread",
     []() -> task<> { (void)co_await to_thread([](fragile of) { return of; }, fragile(1)); }},
    {"async_generator",
     []() -> task<> {
         auto values = count_to(3, counted(live));
         while (const fragile* value = co_await values.next())
             const fragile copy = *value;
     }},
    {"channel without room", [] { return exchange(0); }},
    {"channel", [] { return exchange(1); }},
    {"sleep_for", []() -> task<> { co_await sleep_for(1ms); }},
    {"yield", []() -> task<> { co_await yield(); }},
    {"readable",
     []() -> task<> {
         const auto ends = descriptor_pair::pipe();
         const auto waiting = [](int fd) -> task<> { co_await readable(fd); };
         const auto writing = [](const descriptor_pair& to) -> task<> {
             co_await yield();
             (void)to.second.write("x");
         };
         co_await when_all(waiting(ends.first.get()), writing(ends));
     }},
    {"child_exit",
     []() -> task<> {
         const short_lived_child child;
         EXPECT_EQ(co_await child_exit(child.pid()), 0);
     }},
    {"resume_on", []() -> task<> { co_await resume_on(nullptr); }},
    {"unix_signal",
     []() -> task<> {
         const auto wait = [](int number) -> task<> { co_await unix_signal(number); };
         (void)co_await as_result(with_timeout(1ms, wait(SIGUSR1)));
     }},
    {"mutex, semaphore and event",
     []() -> task<> {
         mutex one;
         semaphore several(1);
         event happened;
         const auto waits = [&]() -> task<> {
             const auto lock = co_await one.lock();
             co_await several.acquire();
             co_await yield();
             several.release();
             co_await happened.wait();
         };
         const auto sets = [&]() -> task<> {
             co_await yield();
             happened.set();
         };
         co_await when_all(waits(), waits(), sets());
     }},
    {"async",
     []() -> task<> {
         const auto file = ref<GFile>::adopt(g_file_new_for_path("/"));
         (void)co_await async(g_file_query_info_async, g_file_query_info_finish, file,
                              G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE);
     }},
};

class exception_safety : public testing::TestWithParam<scenario> {
protected:
    /// Runs the scenario with the n-th thing failing, for every n until none is left to fail.
    ///
    /// @param arm called with n.
    /// @param armed whether the n-th has not come to pass.
    template <class Arm, class Armed> void run_for_every(Arm arm, Armed armed) {
        int number = 0;
        bool passed = false;
        while (!passed && !HasFailure() && ++number < 1000) {
            SCOPED_TRACE(number);
            bool failed = false;
            task<> body = GetParam().body();
            try {
                arm(number);
                run(std::move(body));
            } catch (const fragile::broken&) {
                failed = true;
            } catch (const std::bad_alloc&) {
                failed = true;
            }
            passed = armed();
            EXPECT_EQ(failed, !passed) << "the failure did not come out of the await";
            arm(0);
            expect_nothing_left();
        }
        EXPECT_TRUE(passed);
    }

private:
    void expect_nothing_left() {
        context.iterate_while_ready();
        EXPECT_EQ(live, 0);
        EXPECT_EQ(fragile::live, 0);
        const engine_state& state = state_of(*home);
        EXPECT_TRUE(state.timers.empty());
        EXPECT_TRUE(state.jobs.empty());
        EXPECT_FALSE(state.polled.watching());
    }

    own_context context;
    engine_ref home = engine::get();
    unobserved_log log;
};

TEST_P(exception_safety, of_a_value_whose_nth_copy_or_move_throws) {
    run_for_every([](int number) { fragile::break_at(number); }, fragile::will_break);
}

TEST_P(exception_safety, of_the_nth_allocation_that_fails) {
    run_for_every([](int number) { allocations_left = number; },
                  [] { return allocations_left > 0; });
}

INSTANTIATE_TEST_SUITE_P(whatever_throws, exception_safety, testing::ValuesIn(scenarios),
                         [](const auto& each) {
                             std::string name = each.param.name;
                             for (char& letter : name)
                                 if (letter == ' ' || letter == ',')
                                     letter = '_';
                             return name;
                         });

} // namespace
