#include "gawait/gio/buffered_input_stream.hpp"
#include "gawait/gio/data_input_stream.hpp"
#include "gawait/gio/file.hpp"
#include "gawait/gio/input_stream.hpp"
#include "gawait/gio/io_stream.hpp"
#include "gawait/gio/output_stream.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"

#include "support/descriptors.hpp"
#include "support/objects.hpp"
#include "support/temporary_directory.hpp"

#include <gio/gunixinputstream.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

ref<GInputStream> stream_of(std::string_view text) {
    return adopt(
        g_memory_input_stream_new_from_bytes(adopt(g_bytes_new(text.data(), text.size()))));
}

ref<GMemoryOutputStream> memory() {
    return adopt(G_MEMORY_OUTPUT_STREAM(g_memory_output_stream_new_resizable()));
}

std::string_view content(const ref<GMemoryOutputStream>& stream) {
    return {static_cast<const char*>(g_memory_output_stream_get_data(stream)),
            g_memory_output_stream_get_data_size(stream)};
}

TEST(typed_streams, read_into_any_buffer) {
    run([](ref<GInputStream> stream) -> task<> {
        std::array<char, 4> letters{};
        EXPECT_EQ(co_await gio::input_stream_read(stream, letters), 4);
        EXPECT_EQ(std::string_view(letters.data(), 4), "abcd");
        std::vector<std::byte> bytes(2);
        EXPECT_EQ(co_await gio::input_stream_read(stream, std::span(bytes)), 2);
        EXPECT_EQ(bytes[1], std::byte('f'));
        std::string text(100, '\0');
        text.resize(co_await gio::input_stream_read_all(stream, text));
        EXPECT_EQ(text, "ghi");
        EXPECT_TRUE(co_await gio::input_stream_close(stream));
    }(stream_of("abcdefghi")));
}

TEST(typed_streams, give_bytes_and_skip) {
    run([](ref<GInputStream> stream) -> task<> {
        EXPECT_EQ(co_await gio::input_stream_skip(stream, 3), 3);
        ref<GBytes> bytes = co_await gio::input_stream_read_bytes(stream, 10);
        EXPECT_EQ(g_bytes_get_size(bytes), 6U);
    }(stream_of("abcdefghi")));
}

TEST(typed_streams, take_a_handle_to_a_class_below) {
    run([](ref<GMemoryOutputStream> stream) -> task<> {
        EXPECT_EQ(co_await gio::output_stream_write_all(stream, "one "sv), 4U);
        EXPECT_EQ(co_await gio::output_stream_write_all(stream.get(), "two "s), 4U);
        EXPECT_EQ(co_await gio::output_stream_write(stream, "three"), 6); // with its NUL
        EXPECT_EQ(content(stream), "one two three\0"sv);
        EXPECT_TRUE(co_await gio::output_stream_flush(stream));
        EXPECT_TRUE(co_await gio::output_stream_close(stream));
    }(memory()));
}

TEST(typed_streams, write_vectors_and_bytes) {
    run([](ref<GMemoryOutputStream> stream) -> task<> {
        std::array<GOutputVector, 2> vectors{{{"ab", 2}, {"cde", 3}}};
        EXPECT_EQ(co_await gio::output_stream_writev_all(stream, vectors), 5U);
        const auto bytes = adopt(g_bytes_new_static("fg", 2));
        EXPECT_EQ(co_await gio::output_stream_write_bytes(stream, bytes), 2);
        EXPECT_EQ(content(stream), "abcdefg");
    }(memory()));
}

TEST(typed_streams, write_vectors_as_far_as_it_goes) {
    run([](ref<GMemoryOutputStream> stream) -> task<> {
        std::array<GOutputVector, 2> vectors{{{"ab", 2}, {"cde", 3}}};
        EXPECT_EQ(co_await gio::output_stream_writev(stream, vectors), 5U);
        EXPECT_EQ(content(stream), "abcde");
    }(memory()));
}

TEST(typed_streams, read_up_to_any_of_several_characters) {
    run([](ref<GDataInputStream> stream) -> task<> {
        auto word = co_await gio::data_input_stream_read_upto(stream, " ;", -1);
        EXPECT_STREQ(word.value.get(), "one");
        EXPECT_EQ(word.length, 3U);
        EXPECT_EQ(g_data_input_stream_read_byte(stream, nullptr, nullptr), ';');
        word = co_await gio::data_input_stream_read_upto(stream, " ;", -1);
        EXPECT_STREQ(word.value.get(), "two");
        EXPECT_EQ(g_data_input_stream_read_byte(stream, nullptr, nullptr), ' ');
        word = co_await gio::data_input_stream_read_upto(stream, " ;", -1);
        EXPECT_EQ(word.value, nullptr);
    }(adopt(g_data_input_stream_new(stream_of("one;two ")))));
}

TEST(typed_streams, read_until_any_of_several_characters_by_what_is_deprecated) {
    run([](ref<GDataInputStream> stream) -> task<> {
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        auto word = co_await gio::data_input_stream_read_until(stream, " ;");
        G_GNUC_END_IGNORE_DEPRECATIONS
        EXPECT_STREQ(word.value.get(), "one");
        EXPECT_EQ(word.length, 3U);
    }(adopt(g_data_input_stream_new(stream_of("one;two ")))));
}

TEST(typed_streams, splice) {
    run([](ref<GInputStream> from, ref<GMemoryOutputStream> to) -> task<> {
        EXPECT_EQ(co_await gio::output_stream_splice(to, from), 9);
        EXPECT_EQ(content(to), "abcdefghi");
    }(stream_of("abcdefghi"), memory()));
}

TEST(typed_streams, read_lines_until_there_are_none) {
    run([](ref<GDataInputStream> stream) -> task<> {
        auto line = co_await gio::data_input_stream_read_line(stream);
        EXPECT_STREQ(line.value.get(), "one");
        EXPECT_EQ(line.length, 3U);
        line = co_await gio::data_input_stream_read_line(stream, {.priority = G_PRIORITY_HIGH});
        EXPECT_STREQ(line.value.get(), "two");
        line = co_await gio::data_input_stream_read_line(stream);
        EXPECT_EQ(line.value, nullptr);
    }(adopt(g_data_input_stream_new(stream_of("one\ntwo\n")))));
}

TEST(typed_streams, fill_a_buffer) {
    run([](ref<GDataInputStream> stream) -> task<> {
        EXPECT_EQ(co_await gio::buffered_input_stream_fill(stream, 3), 3);
        EXPECT_EQ(g_buffered_input_stream_get_available(G_BUFFERED_INPUT_STREAM(stream.get())), 3U);
    }(adopt(g_data_input_stream_new(stream_of("one\ntwo\n")))));
}

TEST(typed_streams, of_both_directions_are_closed) {
    temporary_directory directory;
    run([](const temporary_directory& in) -> task<> {
        auto stream = co_await gio::file_open_readwrite(in.file("some", "12345"));
        EXPECT_TRUE(co_await gio::io_stream_close(stream));
        EXPECT_TRUE(g_io_stream_is_closed(G_IO_STREAM(stream.get())));
    }(directory));
}

ref<GIOStream> both_ways(descriptor end) {
    const auto socket = adopt(g_socket_new_from_fd(end.release(), nullptr));
    return ref_to<GIOStream>(adopt(g_socket_connection_factory_create_connection(socket)));
}

TEST(typed_streams, of_both_directions_are_spliced_until_one_ends) {
    descriptor_pair here = descriptor_pair::sockets();
    descriptor_pair there = descriptor_pair::sockets();
    EXPECT_TRUE(here.first.write("hello"));
    here.first.close();
    run([](ref<GIOStream> one, ref<GIOStream> other) -> task<> {
        EXPECT_TRUE(co_await gio::io_stream_splice(one, other));
        EXPECT_FALSE(g_io_stream_has_pending(one));
    }(both_ways(std::move(here.second)), both_ways(std::move(there.first))));
    EXPECT_EQ(there.second.read(), "hello");
}

TEST(typed_streams, that_are_spliced_can_be_used_again_after_a_timeout) {
    descriptor_pair here = descriptor_pair::sockets();
    descriptor_pair there = descriptor_pair::sockets();
    run([](ref<GIOStream> one, ref<GIOStream> other) -> task<> {
        const auto outcome =
            co_await as_result(with_timeout(1ms, gio::io_stream_splice(one, other)));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_FALSE(g_input_stream_has_pending(g_io_stream_get_input_stream(one)));
        EXPECT_EQ(co_await gio::output_stream_write_all(g_io_stream_get_output_stream(other),
                                                        "still there"sv),
                  11U);
    }(both_ways(std::move(here.second)), both_ways(std::move(there.first))));
    EXPECT_EQ(there.second.read(), "still there");
}

/// A read that is cancelled while it waits leaves its buffer alone afterwards, and has it until
/// then.
TEST(typed_streams, keep_the_buffer_of_a_cancelled_task_until_the_operation_has_ended) {
    run([]() -> task<> {
        const descriptor_pair pipe = descriptor_pair::pipe();
        const auto stream = adopt(g_unix_input_stream_new(pipe.first.get(), FALSE));
        bool ended = false;
        const auto reading = [](ref<GInputStream> from, bool& over) -> task<> {
            const auto buffer = std::make_unique<std::array<char, 100>>();
            struct last {
                bool& over;
                GInputStream* stream;
                ~last() { over = !g_input_stream_has_pending(stream); }
            } mark{over, from};
            co_await gio::input_stream_read(from, *buffer);
        };
        auto handle = spawn(reading(stream, ended));
        co_await sleep_for(1ms);
        EXPECT_TRUE(g_input_stream_has_pending(stream));
        handle.cancel();
        auto outcome = co_await as_result(std::move(handle));
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_TRUE(ended);
    }());
}

TEST(typed_streams, keep_a_temporary_buffer) {
    run([](ref<GMemoryOutputStream> stream) -> task<> {
        auto operation = gio::output_stream_write_all(stream, std::string(1000, 'x'));
        EXPECT_EQ(co_await std::move(operation), 1000U);
        EXPECT_EQ(content(stream), std::string(1000, 'x'));
    }(memory()));
}

// What is refused, and what is not -----------------------------------------------

static_assert(buffer_of<std::string_view, const std::byte>);
static_assert(buffer_of<std::string, const std::byte>);
static_assert(buffer_of<std::string&, std::byte>);
static_assert(buffer_of<std::span<char>, std::byte>);
static_assert(!buffer_of<std::string, std::byte>, "what is read would be lost");
static_assert(!buffer_of<std::string_view, std::byte>);
static_assert(!buffer_of<const std::string&, std::byte>);
static_assert(!buffer_of<std::vector<int>&, const std::byte>);
static_assert(handle_to<ref<GMemoryOutputStream>&, GOutputStream>);
static_assert(handle_to<ref<GMemoryOutputStream>&, GObject>);
static_assert(handle_to<GMemoryOutputStream*, GSeekable>);
static_assert(!handle_to<ref<GOutputStream>&, GMemoryOutputStream>);
static_assert(!handle_to<ref<GInputStream>&, GOutputStream>);

} // namespace
} // namespace gawait::test
