#include "gawait/lines.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/with_timeout.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <gio/gunixinputstream.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

ref<GInputStream> stream_of(std::string_view text) {
    return ref<GInputStream>::adopt(g_memory_input_stream_new_from_data(
        g_memdup2(text.data(), text.size()), gssize(text.size()), g_free));
}

task<std::vector<std::string>> collect(async_generator<std::string> lines) {
    std::vector<std::string> all;
    while (std::string* const line = co_await lines.next())
        all.push_back(std::move(*line));
    co_return all;
}

TEST(lines_of, gives_the_lines_without_newlines) {
    const test::own_context context;
    EXPECT_EQ(run(collect(lines_of(stream_of("one\n\nthree\nend")))),
              (std::vector{"one"s, ""s, "three"s, "end"s}));
    EXPECT_EQ(run(collect(lines_of(stream_of("one\n")))), (std::vector{"one"s}));
    EXPECT_EQ(run(collect(lines_of(stream_of("")))), std::vector<std::string>());
}

TEST(lines_of, gives_what_bytes_there_are) {
    const test::own_context context;
    EXPECT_EQ(run(collect(lines_of(stream_of("a\0b\n\xff\n"s)))), (std::vector{"a\0b"s, "\xff"s}));
}

TEST(lines_of, does_not_close_the_stream) {
    const test::own_context context;
    const auto stream = stream_of("one\ntwo\n");
    run(collect(lines_of(stream)));
    EXPECT_FALSE(g_input_stream_is_closed(stream));
}

TEST(lines_of, a_data_stream_loses_nothing_when_they_are_left) {
    const test::own_context context;
    const auto data =
        ref<GDataInputStream>::adopt(g_data_input_stream_new(stream_of("one\ntwo\nthree\n")));
    const auto body = [&]() -> task<> {
        {
            auto lines = lines_of(data);
            EXPECT_EQ(*co_await lines.next(), "one");
        }
        const auto rest = co_await collect(lines_of(data));
        EXPECT_EQ(rest, (std::vector{"two"s, "three"s}));
    };
    run(body());
}

TEST(lines_of, a_file_close_it_at_the_end_and_when_they_are_left) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto file = directory.file("text", "one\ntwo\n");
    const auto body = [&]() -> task<> {
        const auto all = co_await collect(lines_of(file));
        EXPECT_EQ(all, (std::vector{"one"s, "two"s}));
        const auto before = test::open_descriptors();
        {
            auto lines = lines_of(file);
            EXPECT_EQ(*co_await lines.next(), "one");
            EXPECT_EQ(test::open_descriptors(), before + 1);
        }
        EXPECT_EQ(test::open_descriptors(), before);
        co_await collect(lines_of(file));
        EXPECT_EQ(test::open_descriptors(), before);
        auto missing = lines_of(directory.file("missing"));
        EXPECT_TRUE((co_await as_result(missing.next())).error().matches(G_IO_ERROR_NOT_FOUND));
    };
    run(body());
}

TEST(lines_of, may_be_cancelled_in_the_middle_of_a_line) {
    const test::own_context context;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto stream = ref<GInputStream>::adopt(g_unix_input_stream_new(ends[0], TRUE));
    ASSERT_EQ(::write(ends[1], "one\nhal", 7), 7);
    const auto body = [&]() -> task<> {
        auto lines = lines_of(stream);
        EXPECT_EQ(*co_await lines.next(), "one");
        const auto late = co_await as_result(with_timeout(1ms, lines.next()));
        EXPECT_TRUE(late.error().matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_FALSE(g_input_stream_has_pending(stream));
        EXPECT_FALSE(g_input_stream_is_closed(stream));
    };
    run(body());
    ::close(ends[1]);
}

TEST(lines_of, of_null_are_refused) {
    const test::own_context context;
    const auto refused = [](auto all) {
        const auto outcome = run(as_result(all.next()));
        return outcome.has_error() && outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT);
    };
    EXPECT_TRUE(refused(lines_of(ref<GInputStream>())));
    EXPECT_TRUE(refused(lines_of(ref<GFile>())));
}

} // namespace
} // namespace gawait
