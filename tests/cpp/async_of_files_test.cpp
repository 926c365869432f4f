#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/when_all.hpp"

#include "support/async_library.hpp"
#include "support/objects.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace gawait::test {
namespace {

// Files ----------------------------------------------------------------------------

TEST(async, a_method_gives_what_its_finish_function_returns) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    const auto info = run(async(g_file_query_info_async, g_file_query_info_finish, file,
                                G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE));

    static_assert(std::is_same_v<decltype(info), const ref<GFileInfo>>);
    EXPECT_EQ(g_file_info_get_size(info), 8);
}

TEST(async, out_arguments_are_a_tuple_and_the_success_is_left_out) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    auto loaded = run(async(g_file_load_contents_async, g_file_load_contents_finish, file));

    static_assert(
        std::is_same_v<decltype(loaded), std::tuple<unique_string, gsize, unique_string>>);
    const auto& [contents, length, tag] = loaded;
    EXPECT_STREQ(contents.get(), "contents");
    EXPECT_EQ(length, 8U);
    EXPECT_NE(tag, nullptr);
}

TEST(async, one_out_argument_is_not_wrapped_in_a_tuple) {
    const temporary_directory directory;
    const auto file = directory.file("file", "before");

    const auto tag = run(async(g_file_replace_contents_async, g_file_replace_contents_finish, file,
                               "after", 5, nullptr, FALSE, G_FILE_CREATE_NONE));

    static_assert(std::is_same_v<decltype(tag), const unique_string>);
    EXPECT_NE(tag, nullptr);
    EXPECT_EQ(directory.read("file"), "after");
}

TEST(async, what_is_returned_comes_before_the_out_arguments) {
    auto made = run(
        async(g_file_new_tmp_async, g_file_new_tmp_finish, "gawait-XXXXXX", G_PRIORITY_DEFAULT));

    static_assert(std::is_same_v<decltype(made), std::tuple<ref<GFile>, ref<GFileIOStream>>>);
    const auto& [file, stream] = made;
    EXPECT_TRUE(g_file_query_exists(file, nullptr));
    EXPECT_TRUE(
        run(async(g_io_stream_close_async, g_io_stream_close_finish, G_IO_STREAM(stream.get()))));
    EXPECT_TRUE(run(async(g_file_delete_async, g_file_delete_finish, file)));
}

TEST(async, a_gboolean_by_itself_is_the_value_unless_said_otherwise) {
    const temporary_directory directory;
    const auto remove = [&](const char* name) { return directory.file(name, ""); };

    const auto plainly = run(async(g_file_delete_async, g_file_delete_finish, remove("plainly")));
    const auto as_bool =
        run(async<bool>(g_file_delete_async, g_file_delete_finish, remove("as bool")));
    run(async<void>(g_file_delete_async, g_file_delete_finish, remove("as nothing")));

    static_assert(std::is_same_v<decltype(plainly), const gboolean>);
    static_assert(std::is_same_v<decltype(as_bool), const bool>);
    EXPECT_TRUE(plainly);
    EXPECT_TRUE(as_bool);
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

task<std::set<std::string>> names_in(GFile* directory) {
    const auto children =
        co_await async(g_file_enumerate_children_async, g_file_enumerate_children_finish, directory,
                       G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE);
    std::set<std::string> names;
    for (;;) {
        const auto some = co_await async<list<GFileInfo>>(
            g_file_enumerator_next_files_async, g_file_enumerator_next_files_finish, children, 100);
        if (some.empty())
            co_return names;
        EXPECT_LE(some.size(), 100U);
        for (GFileInfo* each : some)
            names.insert(g_file_info_get_name(each));
    }
}

TEST(async, a_directory_is_listed_by_lists_that_are_owned) {
    const temporary_directory directory;
    std::set<std::string> names;
    for (int number = 0; number < 350; ++number) {
        names.insert("file " + std::to_string(number));
        directory.file("file " + std::to_string(number), "");
    }

    EXPECT_EQ(run(names_in(directory.file("."))), names);
}

TEST(async, arguments_behind_the_cancellable_are_given_in_their_order) {
    const temporary_directory directory;
    const auto from = directory.file("from", "copied");
    goffset copied = 0;
    const auto progress =
        +[](goffset current, goffset, gpointer to) { *static_cast<goffset*>(to) = current; };

    run(async<void>(g_file_copy_async, g_file_copy_finish, from, directory.file("default"),
                    G_FILE_COPY_NONE, progress, &copied));
    EXPECT_EQ(copied, 6);
    run(async<void>(g_file_copy_async, g_file_copy_finish, from, directory.file("low"),
                    G_FILE_COPY_NONE, G_PRIORITY_LOW, nullptr, nullptr));

    EXPECT_EQ(directory.read("default"), "copied");
    EXPECT_EQ(directory.read("low"), "copied");
}

TEST(async, what_is_written_to_a_stream_is_read_from_one) {
    const temporary_directory directory;
    const auto write = [](GFile* file, std::string_view text) -> task<gsize> {
        const auto stream = co_await async(g_file_replace_async, g_file_replace_finish, file,
                                           nullptr, FALSE, G_FILE_CREATE_NONE);
        const gsize written =
            co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                           G_OUTPUT_STREAM(stream.get()), text.data(), text.size());
        co_await async<void>(g_output_stream_close_async, g_output_stream_close_finish,
                             G_OUTPUT_STREAM(stream.get()));
        co_return written;
    };
    const auto read = [](GFile* file) -> task<std::string> {
        const auto stream = co_await async(g_file_read_async, g_file_read_finish, file);
        std::string text;
        std::array<char, 7> buffer;
        while (const gssize length =
                   co_await async(g_input_stream_read_async, g_input_stream_read_finish,
                                  G_INPUT_STREAM(stream.get()), buffer.data(), buffer.size()))
            text.append(buffer.data(), std::size_t(length));
        co_return text;
    };
    const auto file = directory.file("file");

    EXPECT_EQ(run(write(file, "a text of several pieces")), 24U);
    EXPECT_EQ(run(read(file)), "a text of several pieces");
}

TEST(async, null_without_an_error_is_a_value) {
    const temporary_directory directory;
    const auto read_lines = [](GFile* file) -> task<std::vector<std::string>> {
        const auto stream = co_await async(g_file_read_async, g_file_read_finish, file);
        const auto lines = adopt(g_data_input_stream_new(G_INPUT_STREAM(stream.get())));
        std::vector<std::string> all;
        for (;;) {
            const auto [line, length] =
                co_await async(g_data_input_stream_read_line_async,
                               g_data_input_stream_read_line_finish_utf8, lines);
            if (!line)
                co_return all;
            EXPECT_EQ(std::string_view(line.get()).size(), length);
            all.emplace_back(line.get());
        }
    };

    EXPECT_EQ(run(read_lines(directory.file("file", "one\n\nthree"))),
              (std::vector<std::string>{"one", "", "three"}));
    EXPECT_EQ(run(plain(library::null_finish)), nullptr);
    EXPECT_EQ(run(plain(library::negative_finish)), -1);
}

TEST(async, a_failed_operation_throws_its_error) {
    const temporary_directory directory;

    const error failure =
        error_of(async(g_file_read_async, g_file_read_finish, directory.file("missing")));

    EXPECT_TRUE(failure.matches(G_IO_ERROR_NOT_FOUND));
    EXPECT_NE(std::string_view(failure.message()).find("missing"), std::string_view::npos);
}

TEST(async, as_result_gives_the_error_instead_of_throwing_it) {
    const temporary_directory directory;
    const auto file = directory.file("missing");
    auto operation = async(g_file_load_contents_async, g_file_load_contents_finish, file);
    static_assert(noexcept(operation.await_result()));

    const auto outcome = run(as_result(std::move(operation)));

    EXPECT_FALSE(outcome);
    EXPECT_TRUE(outcome.has_error());
    EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_NOT_FOUND));
}

TEST(async, as_result_gives_the_value) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    auto outcome =
        run(as_result(async(g_file_load_contents_async, g_file_load_contents_finish, file)));

    ASSERT_TRUE(outcome);
    EXPECT_STREQ(std::get<0>(*outcome).get(), "contents");
}

TEST(async, many_operations_run_at_a_time) {
    const temporary_directory directory;
    const auto load = [](GFile* file) -> task<std::string> {
        const auto [contents, length, tag] =
            co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
        co_return std::string(contents.get(), length);
    };
    std::vector<ref<GFile>> files;
    std::vector<task<std::string>> loads;
    std::vector<std::string> contents;
    for (int number = 0; number < 100; ++number) {
        contents.push_back(std::to_string(number));
        files.push_back(directory.file(contents.back(), contents.back()));
        loads.push_back(load(files.back()));
    }

    EXPECT_EQ(run(when_all(std::move(loads))), contents);
}

} // namespace
} // namespace gawait::test
