#include "gawait/child_exit.hpp"

#include "gawait/error.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <climits>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;

/// A child process that nobody waits for yet.
GPid start_shell(std::string script) {
    std::string shell = "/bin/sh";
    std::string option = "-c";
    char* arguments[] = {shell.data(), option.data(), script.data(), nullptr};
    GPid pid = 0;
    GError* failure = nullptr;
    if (!g_spawn_async(nullptr, arguments, nullptr, G_SPAWN_DO_NOT_REAP_CHILD, nullptr, nullptr,
                       &pid, &failure))
        throw error(failure);
    return pid;
}

bool is_reaped(GPid pid) { return ::kill(pid, 0) < 0 && errno == ESRCH; }

TEST(child_exit, gives_the_exit_code_and_reaps_the_child) {
    const test::own_context context;
    for (const int code : {0, 1, 7, 255}) {
        const GPid pid = start_shell("exit " + std::to_string(code));
        const int status = run(child_exit(pid));
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), code);
        EXPECT_TRUE(is_reaped(pid));
    }
}

TEST(child_exit, of_a_process_that_is_no_child_throws_at_once) {
    const test::own_context context;
    for (const GPid stranger : {GPid(1), getpid(), GPid(INT_MAX)})
        EXPECT_TRUE(run(as_result(child_exit(stranger)))
                        .error()
                        .matches(G_IO_ERROR, g_io_error_from_errno(ECHILD)));
}

TEST(child_exit, gives_a_status_that_glib_can_check) {
    const test::own_context context;
    GError* failure = nullptr;
    EXPECT_TRUE(g_spawn_check_wait_status(run(child_exit(start_shell("exit 0"))), &failure));
    ASSERT_FALSE(g_spawn_check_wait_status(run(child_exit(start_shell("exit 3"))), &failure));
    EXPECT_TRUE(error(failure).matches(G_SPAWN_EXIT_ERROR, 3));
}

TEST(child_exit, gives_the_signal_that_killed_the_child) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const GPid pid = start_shell("exec sleep 1000");
        const auto waiting = spawn(child_exit(pid));
        co_await yield();
        ::kill(pid, SIGKILL);
        const int status = co_await waiting;
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_EQ(WTERMSIG(status), SIGKILL);
    };
    run(body());
}

TEST(child_exit, of_a_child_that_has_ended_before_is_noticed) {
    const test::own_context context;
    const GPid pid = start_shell("exit 4");
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, id_t(pid), &ended, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(WEXITSTATUS(run(child_exit(pid))), 4);
}

TEST(child_exit, of_several_children_at_a_time_is_told_apart) {
    const test::own_context context;
    std::vector<task<int>> waits;
    for (int code = 0; code < 8; ++code)
        waits.push_back(child_exit(start_shell("exit " + std::to_string(code))));
    const std::vector<int> statuses = run(when_all(std::move(waits)));
    for (int code = 0; code < 8; ++code)
        EXPECT_EQ(WEXITSTATUS(statuses[std::size_t(code)]), code);
}

TEST(child_exit, whose_wait_is_cancelled_leaves_the_child_running_and_to_be_waited_for) {
    const test::own_context context;
    const auto body = []() -> task<> {
        const GPid pid = start_shell("exec sleep 1000");
        const auto waiting = spawn(child_exit(pid));
        co_await sleep_for(2ms);
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        EXPECT_EQ(::kill(pid, 0), 0);
        ::kill(pid, SIGTERM);
        const int status = co_await child_exit(pid);
        EXPECT_EQ(WTERMSIG(status), SIGTERM);
    };
    run(body());
}

TEST(child_exit, awaited_by_a_cancelled_task_throws_cancelled) {
    const test::own_context context;
    const GPid pid = start_shell("exit 0");
    const auto body = [pid]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await child_exit(pid);
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(WEXITSTATUS(run(child_exit(pid))), 0);
}

TEST(child_exit, of_something_that_is_not_a_process_throws) {
    const test::own_context context;
    for (const GPid pid : {0, -1, INT_MAX})
        EXPECT_THROW(run(child_exit(pid)), error);
}

TEST(child_exit, of_a_child_that_was_reaped_throws) {
    const test::own_context context;
    const GPid pid = start_shell("exit 0");
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
    EXPECT_THROW(run(child_exit(pid)), error);
}

TEST(child_exit, that_races_with_a_cancellation_ends_once_either_way) {
    const test::own_context context;
    const auto body = []() -> task<> {
        for (int round = 0; round < 40; ++round) {
            const GPid pid = start_shell("exit 5");
            const auto waiting = spawn(child_exit(pid));
            co_await sleep_for(std::chrono::microseconds(100 * round));
            const std::jthread canceller([&] { waiting.cancel(); });
            auto outcome = co_await as_result(waiting);
            if (outcome.was_cancelled())
                EXPECT_EQ(WEXITSTATUS(co_await child_exit(pid)), 5);
            else
                EXPECT_EQ(WEXITSTATUS(*outcome), 5);
            EXPECT_TRUE(is_reaped(pid));
        }
    };
    run(body());
}

} // namespace
} // namespace gawait
