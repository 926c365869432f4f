#include "gawait/chunks.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::string_literals;

std::string text_of(chunk bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

task<std::vector<std::string>> collect(async_generator<chunk> chunks) {
    std::vector<std::string> all;
    while (chunk* const bytes = co_await chunks.next())
        all.push_back(text_of(*bytes));
    co_return all;
}

TEST(chunks_of, gives_what_a_stream_has_in_pieces) {
    const test::own_context context;
    const auto stream =
        ref<GInputStream>::adopt(g_memory_input_stream_new_from_data("abcdefgh", 8, nullptr));
    EXPECT_EQ(run(collect(chunks_of(stream, 3))), (std::vector{"abc"s, "def"s, "gh"s}));
    EXPECT_FALSE(g_input_stream_is_closed(stream));
}

TEST(chunks_of, a_file_close_it_at_the_end_and_when_they_are_left) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto file = directory.file("text", "abcd");
    const auto body = [&]() -> task<> {
        const auto all = co_await collect(chunks_of(file, 2));
        EXPECT_EQ(all, (std::vector{"ab"s, "cd"s}));
        const auto before = test::open_descriptors();
        {
            auto chunks = chunks_of(file, 2);
            EXPECT_EQ(text_of(*co_await chunks.next()), "ab");
            EXPECT_EQ(test::open_descriptors(), before + 1);
        }
        EXPECT_EQ(test::open_descriptors(), before);
        co_await collect(chunks_of(file));
        EXPECT_EQ(test::open_descriptors(), before);
    };
    run(body());
}

TEST(chunks_of, a_directory_fails) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto body = [&]() -> task<> {
        auto chunks = chunks_of(ref<GFile>::adopt(g_file_new_for_path(directory.path().c_str())));
        EXPECT_TRUE((co_await as_result(chunks.next())).error().matches(G_IO_ERROR_IS_DIRECTORY));
    };
    run(body());
}

TEST(chunks_of, of_null_or_of_no_size_are_refused) {
    const test::own_context context;
    const auto refused = [](auto all) {
        const auto outcome = run(as_result(all.next()));
        return outcome.has_error() && outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT);
    };
    EXPECT_TRUE(refused(chunks_of(ref<GInputStream>())));
    EXPECT_TRUE(refused(chunks_of(ref<GFile>())));
    const auto no_bytes = ref<GInputStream>::adopt(g_memory_input_stream_new());
    EXPECT_TRUE(refused(chunks_of(no_bytes, 0)));
}

} // namespace
} // namespace gawait
