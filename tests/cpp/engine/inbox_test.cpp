#include "gawait/engine/engine.hpp"

#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using test::action;
using test::block_until;
using test::own_context;

using engine_threads = test::engine_fixture;

TEST_F(engine_threads, jobs_from_many_run_once_each_in_the_order_of_their_thread) {
    constexpr int threads = 4;
    constexpr int jobs_of_one = 10'000;
    struct numbered : job {
        numbered() : job([](job& self) noexcept { static_cast<numbered&>(self).done(); }) {}
        void done() noexcept {
            ++runs;
            in_order &= *next == number;
            ++*next;
        }
        int* next = nullptr;
        int number = 0;
        int runs = 0;
        bool in_order = true;
    };
    std::array<int, threads> next{};
    std::array<std::unique_ptr<numbered[]>, threads> jobs;
    for (std::size_t thread = 0; thread < threads; ++thread) {
        jobs[thread] = std::make_unique<numbered[]>(jobs_of_one);
        for (int number = 0; number < jobs_of_one; ++number) {
            jobs[thread][std::size_t(number)].next = &next[thread];
            jobs[thread][std::size_t(number)].number = number;
        }
    }
    std::vector<std::jthread> posters;
    for (std::size_t thread = 0; thread < threads; ++thread)
        posters.emplace_back([&, thread] {
            for (int number = 0; number < jobs_of_one; ++number)
                home->post(jobs[thread][std::size_t(number)]);
        });
    EXPECT_TRUE(until([&] {
        return std::all_of(next.begin(), next.end(), [](int ran) { return ran == jobs_of_one; });
    }));
    posters.clear();
    settle();
    for (std::size_t thread = 0; thread < threads; ++thread)
        for (int number = 0; number < jobs_of_one; ++number) {
            const numbered& each = jobs[thread][std::size_t(number)];
            ASSERT_EQ(each.runs, 1);
            ASSERT_TRUE(each.in_order);
        }
}

/// How often the eventfds of this process were written to, other than those in `except`.
unsigned long eventfd_writes(const std::set<std::string>& except) {
    unsigned long writes = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream info(entry.path());
        if (except.contains(entry.path()))
            continue;
        for (std::string word; info >> word;)
            if (word == "eventfd-count:")
                info >> std::hex >> word, writes += std::stoul(word, nullptr, 16);
    }
    return writes;
}

TEST(engine_thread_wake_ups, of_jobs_that_the_engine_has_not_taken_yet_coalesce) {
    const own_context context;
    std::set<std::string> older;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo"))
        older.insert(entry.path());
    const auto home = engine::get();

    int ran = 0;
    std::vector<std::unique_ptr<action>> jobs;
    for (int index = 0; index < 1000; ++index)
        jobs.push_back(std::make_unique<action>([&] { ++ran; }));
    const auto before = eventfd_writes(older);
    for (unsigned long time = 1; time <= 3; ++time) {
        std::thread([&] {
            for (const auto& each : jobs)
                home->post(*each);
        }).join();
        EXPECT_EQ(eventfd_writes(older) - before, time);
        ran = 0;
        EXPECT_TRUE(block_until(context.get(), [&] { return ran == 1000; }));
    }
}

TEST_F(engine_threads, no_wake_up_is_lost_whatever_the_priority) {
    for (const int priority : {-10, 0, 10}) {
        std::atomic<int> waiting = 0;
        bool stop = false;
        int ran = 0;
        action normal([&] {
            ++ran;
            waiting.fetch_sub(1, std::memory_order_release);
        });
        action other(
            [&] {
                ++ran;
                waiting.fetch_sub(1, std::memory_order_release);
            },
            priority);
        action end([&] { stop = true; });
        std::atomic<bool> given_up = false;
        std::thread poster([&] {
            for (int time = 0; time < 20'000 && !given_up; ++time) {
                waiting = 2;
                home->post(normal);
                for (int spin = time % 97; spin > 0; --spin)
                    (void)waiting.load();
                home->post(other);
                while (waiting.load(std::memory_order_acquire) > 0 && !given_up)
                    std::this_thread::yield();
            }
            if (!given_up)
                home->post(end);
        });
        EXPECT_TRUE(until([&] { return stop; })) << priority << " after " << ran;
        given_up = true;
        poster.join();
        settle();
    }
}

} // namespace
} // namespace gawait
