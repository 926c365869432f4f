#include "gawait/gio/file.hpp"
#include "gawait/gio/file_enumerator.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_cancellable.hpp"

#include "support/temporary_directory.hpp"
#include "support/thread_allocations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace gawait::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct typed_file : testing::Test {
    temporary_directory directory;
};

/// What the error of an operation is, which must fail.
template <class Awaitable> error error_of(Awaitable awaited) {
    try {
        run([](Awaitable each) -> task<> { co_await std::move(each); }(std::move(awaited)));
    } catch (const error& failure) {
        return failure;
    }
    ADD_FAILURE() << "it did not fail";
    return error(G_IO_ERROR_FAILED, "no error");
}

TEST_F(typed_file, loads_and_names_the_parts_of_what_it_gives) {
    run([](ref<GFile> file) -> task<> {
        auto loaded = co_await gio::file_load_contents(file);
        static_assert(std::is_same_v<decltype(loaded.contents), unique_array<char>>);
        static_assert(std::is_same_v<decltype(loaded.etag), unique_string>);
        EXPECT_EQ(std::string_view(loaded.contents), "a\0b"sv);
        EXPECT_NE(loaded.etag, nullptr);
    }(directory.file("some", "a\0b"sv)));
}

TEST_F(typed_file, replaces_its_contents_by_any_buffer) {
    run([](ref<GFile> file, const temporary_directory& in) -> task<> {
        const std::vector<unsigned char> bytes{'t', 'w', 'o'};
        auto etag = co_await gio::file_replace_contents(file, "one"sv, nullptr, false);
        static_assert(std::is_same_v<decltype(etag), unique_string>);
        EXPECT_EQ(in.read("some"), "one");
        etag = co_await gio::file_replace_contents(file, bytes, etag, true,
                                                   G_FILE_CREATE_REPLACE_DESTINATION);
        EXPECT_EQ(in.read("some"), "two");
        EXPECT_EQ(in.read("some~"), "one");
        co_await gio::file_replace_contents(file, std::string(100, 'x'), {}, false);
        EXPECT_EQ(in.read("some"), std::string(100, 'x'));
    }(directory.file("some"), directory));
}

TEST_F(typed_file, copies_with_a_lambda_for_the_progress) {
    run([](ref<GFile> from, ref<GFile> to, const temporary_directory& in) -> task<> {
        goffset copied = -1;
        const bool done =
            co_await gio::file_copy(from, to, G_FILE_COPY_NONE, [&](goffset now, goffset total) {
                copied = now;
                EXPECT_EQ(total, 5);
            });
        EXPECT_TRUE(done);
        EXPECT_EQ(copied, 5);
        EXPECT_EQ(in.read("copy"), "12345");
    }(directory.file("some", "12345"), directory.file("copy"), directory));
}

TEST_F(typed_file, takes_the_priority_by_its_name) {
    run([](ref<GFile> file) -> task<> {
        auto info = co_await gio::file_query_info(file, "standard::size",
                                                  G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                                                  {.priority = G_PRIORITY_LOW});
        EXPECT_EQ(g_file_info_get_size(info), 5);
    }(directory.file("some", "12345")));
}

TEST_F(typed_file, takes_whatever_holds_a_string) {
    run([](ref<GFile> file) -> task<> {
        const std::string attribute = "standard::size";
        const std::string_view view = std::string_view("standard::size,").substr(0, 14);
        for (int round = 0; round < 2; ++round) {
            auto by_name = co_await gio::file_query_info(file, attribute);
            auto by_view = co_await gio::file_query_info(file, view);
            auto by_literal = co_await gio::file_query_info(file, "standard::size");
            auto by_temporary = co_await gio::file_query_info(file, "standard::"s + "size");
            for (GFileInfo* info :
                 {by_name.get(), by_view.get(), by_literal.get(), by_temporary.get()})
                EXPECT_EQ(g_file_info_get_size(info), 5);
        }
    }(directory.file("some", "12345")));
}

TEST_F(typed_file, enumerates_into_a_list_that_is_owned) {
    directory.file("one", "1");
    directory.file("two", "2");
    run([](ref<GFile> folder) -> task<> {
        auto children = co_await gio::file_enumerate_children(folder, "standard::name");
        std::set<std::string> names;
        for (;;) {
            auto infos = co_await gio::file_enumerator_next_files(children, 1);
            static_assert(std::is_same_v<decltype(infos), list<GFileInfo>>);
            if (infos.empty())
                break;
            for (GFileInfo* info : infos)
                names.insert(g_file_info_get_name(info));
        }
        co_await gio::file_enumerator_close(children);
        EXPECT_EQ(names, (std::set<std::string>{"one", "two"}));
    }(ref<GFile>::adopt(g_file_new_for_path(directory.path().c_str()))));
}

TEST_F(typed_file, makes_moves_measures_and_deletes) {
    run([](const temporary_directory& in) -> task<> {
        const auto folder = in.file("folder");
        EXPECT_TRUE(co_await gio::file_make_directory(folder));
        auto moved = in.file("folder/moved");
        EXPECT_TRUE(co_await gio::file_move(in.file("some", "12345"), moved));
        auto usage = co_await gio::file_measure_disk_usage(folder);
        EXPECT_EQ(usage.num_files, 1U);
        EXPECT_EQ(usage.num_dirs, 1U);
        auto renamed = co_await gio::file_set_display_name(moved, "renamed");
        EXPECT_EQ(in.read("folder/renamed"), "12345");
        EXPECT_TRUE(co_await gio::file_delete(renamed));
        EXPECT_TRUE(co_await gio::file_delete(folder));
    }(directory));
}

TEST_F(typed_file, makes_temporary_files) {
    run([]() -> task<> {
        auto made = co_await gio::file_new_tmp("gawait-XXXXXX");
        static_assert(std::is_same_v<decltype(made.file), ref<GFile>>);
        static_assert(std::is_same_v<decltype(made.iostream), ref<GFileIOStream>>);
        EXPECT_NE(made.iostream, nullptr);
        EXPECT_TRUE(co_await gio::file_delete(made.file));
    }());
}

TEST_F(typed_file, owns_a_temporary_that_it_is_given) {
    auto operation = gio::file_load_contents(directory.file("some", "12345"));
    run([](decltype(operation) each) -> task<> {
        auto loaded = co_await std::move(each);
        EXPECT_EQ(std::string_view(loaded.contents), "12345");
    }(std::move(operation)));
}

TEST_F(typed_file, tells_the_error_of_c) {
    EXPECT_TRUE(error_of(gio::file_read(directory.file("missing"))).matches(G_IO_ERROR_NOT_FOUND));
    const auto missing = directory.file("missing");
    run([](ref<GFile> file) -> task<> {
        auto outcome = co_await as_result(gio::file_load_contents(file));
        EXPECT_TRUE(outcome.has_error());
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_NOT_FOUND));
    }(missing));
}

TEST_F(typed_file, refuses_a_null_object_and_a_null_string) {
    const ref<GFile> none;
    EXPECT_TRUE(error_of(gio::file_read(none)).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(error_of(gio::file_read(nullptr)).matches(G_IO_ERROR_INVALID_ARGUMENT));
    const auto some = directory.file("some", "");
    EXPECT_TRUE(error_of(gio::file_copy(some, none)).matches(G_IO_ERROR_INVALID_ARGUMENT));
    const error refused = error_of(gio::file_query_info(some, static_cast<const char*>(nullptr)));
    EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(std::string(refused.message()).starts_with("g_file_query_info_async:"));
}

TEST_F(typed_file, refuses_a_string_with_a_nul_within) {
    const auto some = directory.file("some", "");
    const std::string broken = "standard\0::size"s;
    EXPECT_TRUE(error_of(gio::file_query_info(some, broken)).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(error_of(gio::file_query_info(some, std::string_view(broken)))
                    .matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(error_of(gio::file_query_info(some, std::string(broken)))
                    .matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST_F(typed_file, that_is_none_after_a_cast_is_a_critical_of_c) {
    const auto other = ref<GCancellable>::adopt(g_cancellable_new());
    auto* cast = reinterpret_cast<GFile*>(other.get());
    GTEST_FLAG_SET(death_test_style, "threadsafe"); // GIO has threads by now
    EXPECT_DEATH(
        {
            g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL);
            run([](GFile* file) -> task<> { co_await gio::file_read(file); }(cast));
        },
        "g_file_read_async: assertion 'G_IS_FILE \\(file\\)' failed");
}

TEST_F(typed_file, is_not_begun_in_a_task_that_was_cancelled) {
    const auto some = directory.file("some", "");
    const auto cancellable = ref<GCancellable>::adopt(g_cancellable_new());
    g_cancellable_cancel(cancellable);
    const auto remove = [](ref<GFile> file) -> task<> { co_await gio::file_delete(file); };
    EXPECT_THROW(run(with_cancellable(cancellable, remove(some))), cancelled);
    EXPECT_TRUE(g_file_query_exists(some, nullptr));
}

/// What it costs to await, beyond what `async()` does.
TEST_F(typed_file, allocates_no_more_than_the_untyped_form) {
    run([](ref<GFile> file) -> task<> {
        const auto typed = [&]() -> task<std::size_t> {
            const allocation_counter counter;
            auto info = co_await gio::file_query_info(file, "standard::size");
            co_return counter.count();
        };
        const auto untyped = [&]() -> task<std::size_t> {
            const allocation_counter counter;
            auto info = co_await async(g_file_query_info_async, g_file_query_info_finish, file,
                                       "standard::size", G_FILE_QUERY_INFO_NONE);
            co_return counter.count();
        };
        // The fewest of many: where none of its threads waits yet, GIO begins another.
        const auto fewest = [](auto count) -> task<std::size_t> {
            std::size_t least = co_await count();
            for (int more = 200; more > 0; --more)
                least = std::min(least, co_await count());
            co_return least;
        };
        const std::size_t most = co_await fewest(untyped);
        EXPECT_LE(co_await fewest(typed), most);
    }(directory.file("some", "12345")));
}

TEST_F(typed_file, takes_contents_that_are_empty_and_null) {
    const auto some = directory.file("some", "12345");
    run([](ref<GFile> file) -> task<> {
        const std::vector<char> none;
        co_await gio::file_replace_contents(file, none, nullptr, false, G_FILE_CREATE_NONE);
        EXPECT_EQ((co_await gio::file_load_contents(file)).contents.size(), 0U);
        const auto empty = adopt(g_bytes_new(nullptr, 0));
        co_await gio::file_replace_contents_bytes(file, empty, nullptr, false, G_FILE_CREATE_NONE);
        EXPECT_EQ((co_await gio::file_load_contents(file)).contents.size(), 0U);
    }(some));
}

} // namespace
} // namespace gawait::test
