#include "gawait/application.hpp"

#include "gawait/result.hpp"
#include "gawait/shield.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/yield.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace gawait;
using namespace std::chrono_literals;

namespace {

/// An application without a window, and without others of its name.
ref<GApplication> make_application(GApplicationFlags flags = {}) {
    return adopt(g_application_new(nullptr, GApplicationFlags(flags | G_APPLICATION_NON_UNIQUE)));
}

int run_with(GApplication* application, std::vector<std::string> arguments,
             std::function<task<>(std::vector<ref<GFile>>)> begin) {
    std::string name = "application";
    std::vector<char*> pointers{name.data()};
    for (std::string& each : arguments)
        pointers.push_back(each.data());
    return run_application(application, int(pointers.size()), pointers.data(), std::move(begin));
}

} // namespace

TEST(application, goes_on_until_the_task_of_its_activation_has_ended) {
    const auto application = make_application();
    std::string log;
    const auto begin = [&](const std::vector<ref<GFile>>& files) -> task<> {
        EXPECT_TRUE(files.empty());
        log += 'a';
        co_await sleep_for(1ms);
        log += 'A';
    };
    EXPECT_EQ(run_with(application, {}, begin), 0);
    EXPECT_EQ(log, "aA");
}

TEST(application, begins_a_task_for_each_activation) {
    const auto application = make_application();
    int begun = 0, ended = 0;
    const auto begin = [&](const std::vector<ref<GFile>>&) -> task<> {
        if (++begun == 1)
            g_application_activate(application);
        co_await sleep_for(1ms);
        ++ended;
    };
    EXPECT_EQ(run_with(application, {}, begin), 0);
    EXPECT_EQ(begun, 2);
    EXPECT_EQ(ended, 2);
}

TEST(application, hands_over_the_files_that_are_to_be_opened) {
    const auto application = make_application(G_APPLICATION_HANDLES_OPEN);
    std::vector<std::string> opened;
    const auto begin = [&](std::vector<ref<GFile>> files) -> task<> {
        co_await yield();
        for (const auto& each : files)
            opened.emplace_back(unique_string(g_file_get_path(each)).get());
    };
    EXPECT_EQ(run_with(application, {"/etc", "/usr"}, begin), 0);
    EXPECT_EQ(opened, (std::vector<std::string>{"/etc", "/usr"}));
}

TEST(application, cancels_and_awaits_its_tasks_when_it_quits) {
    const auto application = make_application();
    std::string log;
    const auto begin = [&](const std::vector<ref<GFile>>&) -> task<> {
        const auto beside = spawn([&]() -> task<> {
            const auto cut_short = co_await as_result(sleep_for(1h));
            log += cut_short.was_cancelled() ? 'b' : 'B';
        });
        co_await sleep_for(1ms);
        g_application_quit(application);
        const auto cut_short = co_await as_result(sleep_for(1h));
        co_await shield(sleep_for(1ms));
        log += cut_short.was_cancelled() ? 'a' : 'A';
    };
    EXPECT_EQ(run_with(application, {}, begin), 0);
    EXPECT_EQ(log, "ab");
}

TEST(application, quits_when_a_task_fails_and_throws_what_that_threw) {
    const auto application = make_application();
    const auto begin = [](const std::vector<ref<GFile>>&) -> task<> {
        co_await yield();
        throw std::runtime_error("no window");
    };
    EXPECT_THROW(run_with(application, {}, begin), std::runtime_error);
}

TEST(application, gives_the_status_of_one_that_does_not_begin) {
    const auto application = make_application();
    const auto begin = [](const std::vector<ref<GFile>>&) -> task<> {
        ADD_FAILURE() << "it was not activated";
        co_return;
    };
    EXPECT_EQ(run_with(application, {"--no-such-option"}, begin), 1);
}
