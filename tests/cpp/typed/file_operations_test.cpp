// The rest of what a file can be asked: each operation once.

#include "gawait/gio/file.hpp"
#include "gawait/gio/file_input_stream.hpp"
#include "gawait/gio/file_io_stream.hpp"
#include "gawait/gio/file_output_stream.hpp"
#include "gawait/gio/output_stream.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"

#include "support/is_not_supported.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string_view>
#include <type_traits>

namespace gawait::test {
namespace {

using namespace std::string_view_literals;

struct typed_file_operations : testing::Test {
    temporary_directory directory;
};

/// Whether it fails because this kind of file cannot do it.
TEST_F(typed_file_operations, streams_are_opened_in_every_way) {
    run([](const temporary_directory& in) -> task<> {
        const auto file = in.file("some");
        auto created = co_await gio::file_create(file);
        static_assert(std::is_same_v<decltype(created), ref<GFileOutputStream>>);
        co_await gio::output_stream_write_all(created, "one "sv);
        co_await gio::output_stream_close(created);
        auto appending = co_await gio::file_append_to(file, {}, {.priority = G_PRIORITY_HIGH});
        co_await gio::output_stream_write_all(appending, "two"sv);
        co_await gio::output_stream_close(appending);
        EXPECT_EQ(in.read("some"), "one two");
        auto replacing = co_await gio::file_replace(file, nullptr, false);
        co_await gio::output_stream_write_all(replacing, "three"sv);
        co_await gio::output_stream_close(replacing);
        EXPECT_EQ(in.read("some"), "three");

        auto both = co_await gio::file_create_readwrite(in.file("both"));
        static_assert(std::is_same_v<decltype(both), ref<GFileIOStream>>);
        auto replaced = co_await gio::file_replace_readwrite(in.file("both"), {}, false);
        EXPECT_NE(replaced, nullptr);
    }(directory));
}

TEST_F(typed_file_operations, streams_tell_of_their_file) {
    run([](const temporary_directory& in) -> task<> {
        const auto file = in.file("some", "12345");
        auto reading = co_await gio::file_read(file);
        auto info = co_await gio::file_input_stream_query_info(reading, "standard::size");
        EXPECT_EQ(g_file_info_get_size(info), 5);
        auto appending = co_await gio::file_append_to(file);
        info = co_await gio::file_output_stream_query_info(appending, "standard::size");
        EXPECT_EQ(g_file_info_get_size(info), 5);
        auto both = co_await gio::file_open_readwrite(file);
        info = co_await gio::file_io_stream_query_info(both, "standard::size");
        EXPECT_EQ(g_file_info_get_size(info), 5);
    }(directory));
}

TEST_F(typed_file_operations, bytes_are_loaded_and_replaced) {
    run([](const temporary_directory& in) -> task<> {
        const auto bytes = ref<GBytes>::adopt(g_bytes_new_static("12345", 5));
        co_await gio::file_replace_contents_bytes(in.file("some"), bytes, nullptr, false);
        auto loaded = co_await gio::file_load_bytes(in.file("some"));
        static_assert(std::is_same_v<decltype(loaded.bytes), ref<GBytes>>);
        EXPECT_TRUE(g_bytes_equal(loaded.bytes, bytes));
        EXPECT_NE(loaded.etag, nullptr);
    }(directory));
}

TEST_F(typed_file_operations, attributes_are_set_and_given_back) {
    run([](const temporary_directory& in) -> task<> {
        const auto file = in.file("some", "");
        const auto wanted = ref<GFileInfo>::adopt(g_file_info_new());
        g_file_info_set_attribute_uint32(wanted, G_FILE_ATTRIBUTE_UNIX_MODE, 0600);
        auto given = co_await gio::file_set_attributes(file, wanted);
        static_assert(std::is_same_v<decltype(given), ref<GFileInfo>>);
        auto info = co_await gio::file_query_info(file, G_FILE_ATTRIBUTE_UNIX_MODE);
        EXPECT_EQ(g_file_info_get_attribute_uint32(info, G_FILE_ATTRIBUTE_UNIX_MODE) & 0777U,
                  0600U);
    }(directory));
}

TEST_F(typed_file_operations, links_and_directories_are_made) {
    run([](const temporary_directory& in) -> task<> {
#if GLIB_CHECK_VERSION(2, 74, 0)
        EXPECT_TRUE(
            co_await gio::file_make_symbolic_link(in.file("link"), std::filesystem::path("some")));
        EXPECT_EQ(std::filesystem::read_symlink(in.path() / "link"), "some");
        auto made = co_await gio::file_new_tmp_dir("gawait-XXXXXX");
        EXPECT_TRUE(co_await gio::file_delete(made));
#endif
    }(directory));
}

TEST_F(typed_file_operations, the_file_system_is_asked) {
    run([](const temporary_directory& in) -> task<> {
        auto info = co_await gio::file_query_filesystem_info(in.file("."), "filesystem::size");
        EXPECT_TRUE(g_file_info_has_attribute(info, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE));
        // A directory of a test is on no mount that a user could eject.
        auto mount = co_await as_result(gio::file_find_enclosing_mount(in.file(".")));
        EXPECT_TRUE(mount || mount.error().domain() == G_IO_ERROR);
        // Nor need there be a place for what is thrown away, or a program for an empty file.
        auto thrown = co_await as_result(gio::file_trash(in.file("some", "")));
        EXPECT_TRUE(thrown ? !g_file_query_exists(in.file("some"), nullptr)
                           : thrown.error().domain() == G_IO_ERROR);
        auto handler = co_await as_result(gio::file_query_default_handler(in.file("x", "")));
        EXPECT_TRUE(handler || handler.error().matches(G_IO_ERROR_NOT_SUPPORTED));
    }(directory));
}

TEST_F(typed_file_operations, a_plain_file_is_no_device) {
    run([](ref<GFile> file) -> task<> {
        const auto mounting = ref<GMountOperation>::adopt(g_mount_operation_new());
        EXPECT_TRUE(co_await is_not_supported(
            gio::file_mount_mountable(file, G_MOUNT_MOUNT_NONE, mounting)));
        EXPECT_TRUE(co_await is_not_supported(
            gio::file_unmount_mountable_with_operation(file, G_MOUNT_UNMOUNT_NONE, mounting)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_eject_mountable_with_operation(file)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_start_mountable(file)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_stop_mountable(file)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_poll_mountable(file)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_mount_enclosing_volume(file)));
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        EXPECT_TRUE(co_await is_not_supported(gio::file_unmount_mountable(file)));
        EXPECT_TRUE(co_await is_not_supported(gio::file_eject_mountable(file)));
        G_GNUC_END_IGNORE_DEPRECATIONS
    }(directory.file("some", "")));
}

} // namespace
} // namespace gawait::test
