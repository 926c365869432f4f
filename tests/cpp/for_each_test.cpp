#include "gawait/for_each.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/yield.hpp"
#include "support/failure_of.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <ranges>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::failure_of;
using test::let_others_run;

/// Counts how many calls are under way.
class counter {
public:
    task<> work(int number) {
        most = std::max(most, ++running);
        co_await let_others_run();
        --running;
        sum += number;
    }

    int most = 0;
    int running = 0;
    int sum = 0;
};

async_generator<int> up_to(int last) {
    for (int number = 1; number <= last; ++number) {
        co_await yield();
        co_yield number;
    }
}

TEST(for_each, awaits_the_function_for_each_element_so_many_at_a_time) {
    const test::own_context context;
    for (const std::size_t limit : {1U, 3U, 100U}) {
        counter calls;
        const std::vector numbers{1, 2, 3, 4, 5, 6};
        run(for_each(numbers, limit, [&](int number) { return calls.work(number); }));
        EXPECT_EQ(calls.sum, 21);
        EXPECT_EQ(calls.most, int(std::min<std::size_t>(limit, 6)));
    }
}

TEST(for_each, goes_through_a_generator_as_there_is_room) {
    const test::own_context context;
    counter calls;
    run(for_each(up_to(6), 2, [&](int number) { return calls.work(number); }));
    EXPECT_EQ(calls.sum, 21);
    EXPECT_EQ(calls.most, 2);
}

TEST(for_each, of_nothing_does_nothing) {
    const test::own_context context;
    counter calls;
    const auto work = [&](int number) { return calls.work(number); };
    run(for_each(std::vector<int>(), 2, work));
    run(for_each(up_to(0), 2, work));
    EXPECT_EQ(calls.most, 0);
}

TEST(for_each, gives_each_element_of_a_range_that_can_be_gone_through_only_once) {
    const test::own_context context;
    for (const std::size_t limit : {1U, 3U, 100U}) {
        counter calls;
        std::istringstream text("1 2 3 4 5 6");
        using numbers = std::istream_iterator<int>;
        run(for_each(std::ranges::subrange(numbers(text), numbers()), limit,
                     [&](int number) { return calls.work(number); }));
        EXPECT_EQ(calls.sum, 21);
        EXPECT_EQ(calls.most, int(std::min<std::size_t>(limit, 6)));
    }
}

TEST(for_each, keeps_an_element_that_is_part_of_its_iterator_until_its_call_has_ended) {
    const test::own_context context;
    const std::string text = "one two three four five";
    const std::regex word("\\w+");
    std::multiset<std::string> words;
    const auto note = [&](const std::smatch& match) -> task<> {
        co_await let_others_run();
        words.insert(match.str());
    };
    using matches = std::sregex_iterator;
    run(for_each(std::ranges::subrange(matches(text.begin(), text.end(), word), matches()), 2,
                 note));
    EXPECT_EQ(words, (std::multiset<std::string>{"five", "four", "one", "three", "two"}));
}

TEST(for_each, takes_what_std_filesystem_iterates_with) {
    const test::own_context context;
    const test::temporary_directory directory;
    for (const char* name : {"one", "two", "three"})
        directory.file(name, "text");
    std::multiset<std::string> names;
    const auto note = [&](const std::filesystem::directory_entry& entry) -> task<> {
        co_await let_others_run();
        names.insert(entry.path().filename());
    };
    run(for_each(std::filesystem::directory_iterator(directory.path()), 2, note));
    EXPECT_EQ(names, (std::multiset<std::string>{"one", "three", "two"}));
}

TEST(for_each, takes_elements_that_only_move) {
    const test::own_context context;
    std::vector<std::unique_ptr<int>> numbers;
    numbers.push_back(std::make_unique<int>(7));
    int sum = 0;
    const auto add = [&](const std::unique_ptr<int>& number) -> task<> {
        co_await yield();
        sum += *number;
    };
    run(for_each(std::move(numbers), 2, add));
    EXPECT_EQ(sum, 7);
}

TEST(for_each, that_fails_cancels_the_others_and_begins_no_more) {
    const test::own_context context;
    const auto fails_with = [](auto numbers) {
        std::vector<int> begun;
        bool cancelled_other = false;
        const auto work = [&](int number) -> task<> {
            begun.push_back(number);
            if (number == 2)
                throw std::runtime_error("two");
            try {
                co_await sleep_for(1h);
            } catch (const cancelled&) {
                cancelled_other = true;
                throw;
            }
        };
        EXPECT_EQ(failure_of(for_each(std::move(numbers), 2, work)), "two");
        EXPECT_EQ(begun, (std::vector{1, 2}));
        EXPECT_TRUE(cancelled_other);
    };
    fails_with(std::vector{1, 2, 3, 4});
    fails_with(up_to(4));
}

TEST(for_each, that_is_cancelled_begins_no_more_even_if_a_call_ends_well) {
    const test::own_context context;
    int begun = 0;
    const auto work = [&](int) -> task<> {
        ++begun;
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
        }
    };
    const auto body = [&]() -> task<> {
        const auto working = spawn(for_each(std::vector{1, 2, 3}, 1, work));
        co_await let_others_run();
        working.cancel();
        EXPECT_TRUE((co_await as_result(working)).was_cancelled());
        EXPECT_EQ(begun, 1);
    };
    run(body());
}

TEST(for_each, none_at_a_time_is_refused) {
    const test::own_context context;
    const auto none = [](int) -> task<> { co_return; };
    EXPECT_NE(failure_of(for_each(std::vector{1}, 0, none)), "");
    EXPECT_NE(failure_of(for_each(up_to(1), 0, none)), "");
}

} // namespace
} // namespace gawait
