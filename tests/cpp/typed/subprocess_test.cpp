#include "gawait/gio/subprocess.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/with_timeout.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

ref<GSubprocess> begin(const char* script, GSubprocessFlags flags = G_SUBPROCESS_FLAGS_NONE) {
    const char* const words[] = {"sh", "-c", script, nullptr};
    return ref<GSubprocess>::adopt(g_subprocess_newv(words, flags, nullptr));
}

constexpr auto pipes =
    GSubprocessFlags(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                     G_SUBPROCESS_FLAGS_STDERR_PIPE);

TEST(typed_subprocess, communicates_in_strings) {
    run([](ref<GSubprocess> child) -> task<> {
        auto [out, err] = co_await gio::subprocess_communicate_utf8(child, std::string("hello"));
        EXPECT_STREQ(out.get(), "hello");
        EXPECT_STREQ(err.get(), "bad");
    }(begin("cat; printf bad >&2", pipes)));
}

TEST(typed_subprocess, communicates_in_bytes) {
    run([](ref<GSubprocess> child) -> task<> {
        auto said = co_await gio::subprocess_communicate(
            child, ref<GBytes>::adopt(g_bytes_new_static("hello", 5)));
        EXPECT_EQ(g_bytes_get_size(said.stdout_buf), 5U);
        EXPECT_EQ(g_bytes_get_size(said.stderr_buf), 0U);
    }(begin("cat", pipes)));
}

TEST(typed_subprocess, tells_how_it_ended) {
    run([]() -> task<> {
        EXPECT_TRUE(co_await gio::subprocess_wait(begin("exit 3")));
        EXPECT_TRUE(co_await gio::subprocess_wait_check(begin("exit 0")));
        auto outcome = co_await as_result(gio::subprocess_wait_check(begin("exit 3")));
        EXPECT_TRUE(outcome.error().matches(G_SPAWN_EXIT_ERROR, 3));
    }());
}

TEST(typed_subprocess, is_waited_for_no_longer_than_a_timeout) {
    run([](ref<GSubprocess> child) -> task<> {
        auto outcome = co_await as_result(with_timeout(1ms, gio::subprocess_wait(child)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        g_subprocess_force_exit(child);
        co_await gio::subprocess_wait(child);
    }(begin("exec sleep 60")));
}

} // namespace
} // namespace gawait::test
