// Devices that can do nothing, permissions that nobody grants, programs that are not there: what
// cannot be had in a test, by its errors.

#include "gawait/gio/app_info.hpp"
#include "gawait/gio/async_initable.hpp"
#include "gawait/gio/drive.hpp"
#include "gawait/gio/loadable_icon.hpp"
#include "gawait/gio/mount.hpp"
#include "gawait/gio/permission.hpp"
#include "gawait/gio/volume.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"

#include "support/is_not_supported.hpp"
#include "support/objects.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <type_traits>

namespace gawait::test {
namespace {

/// An object of an interface of which it implements nothing.
template <class Interface> ref<Interface> bare(GType interface, const char* name) {
    static const GType type = [&] {
        const GType made = g_type_register_static_simple(G_TYPE_OBJECT, name, sizeof(GObjectClass),
                                                         nullptr, sizeof(GObject), nullptr, {});
        static const GInterfaceInfo nothing{};
        g_type_add_interface_static(made, interface, &nothing);
        return made;
    }();
    return adopt(reinterpret_cast<Interface*>(g_object_new(type, nullptr)));
}

TEST(typed_devices, a_drive_without_functions) {
    run([](ref<GDrive> drive) -> task<> {
        const auto mounting = adopt(g_mount_operation_new());
        EXPECT_TRUE(co_await is_not_supported(
            gio::drive_eject_with_operation(drive, G_MOUNT_UNMOUNT_FORCE, mounting)));
        EXPECT_TRUE(co_await is_not_supported(gio::drive_start(drive)));
        EXPECT_TRUE(co_await is_not_supported(gio::drive_stop(drive)));
        EXPECT_TRUE(co_await is_not_supported(gio::drive_poll_for_media(drive)));
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        EXPECT_TRUE(co_await is_not_supported(gio::drive_eject(drive)));
        G_GNUC_END_IGNORE_DEPRECATIONS
    }(bare<GDrive>(G_TYPE_DRIVE, "GawaitBareDrive")));
}

TEST(typed_devices, a_mount_without_functions) {
    run([](ref<GMount> mount) -> task<> {
        EXPECT_TRUE(co_await is_not_supported(gio::mount_eject_with_operation(mount)));
        EXPECT_TRUE(co_await is_not_supported(gio::mount_unmount_with_operation(mount)));
        EXPECT_TRUE(co_await is_not_supported(gio::mount_remount(mount)));
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        EXPECT_TRUE(co_await is_not_supported(gio::mount_eject(mount)));
        EXPECT_TRUE(co_await is_not_supported(gio::mount_unmount(mount)));
        G_GNUC_END_IGNORE_DEPRECATIONS
        auto guess = gio::mount_guess_content_type(mount, true);
        static_assert(std::is_same_v<decltype(guess)::value_type, unique_strv>);
        EXPECT_TRUE(co_await is_not_supported(std::move(guess)));
    }(bare<GMount>(G_TYPE_MOUNT, "GawaitBareMount")));
}

TEST(typed_devices, a_volume_without_functions) {
    run([](ref<GVolume> volume) -> task<> {
        EXPECT_TRUE(co_await is_not_supported(gio::volume_mount(volume)));
        EXPECT_TRUE(co_await is_not_supported(gio::volume_eject_with_operation(volume)));
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        EXPECT_TRUE(co_await is_not_supported(gio::volume_eject(volume)));
        G_GNUC_END_IGNORE_DEPRECATIONS
    }(bare<GVolume>(G_TYPE_VOLUME, "GawaitBareVolume")));
}

TEST(typed_devices, a_permission_that_does_not_change) {
    run([](ref<GPermission> permission) -> task<> {
        EXPECT_TRUE(co_await is_not_supported(gio::permission_acquire(permission)));
        EXPECT_TRUE(co_await is_not_supported(gio::permission_release(permission)));
    }(adopt(g_simple_permission_new(FALSE))));
}

TEST(typed_devices, an_icon_is_loaded_with_the_type_of_its_data) {
    temporary_directory directory;
    run([](ref<GFile> file) -> task<> {
        const auto icon = adopt(g_file_icon_new(file));
        auto loaded =
            co_await gio::loadable_icon_load(reinterpret_cast<GLoadableIcon*>(icon.get()), 16);
        static_assert(std::is_same_v<decltype(loaded.input_stream), ref<GInputStream>>);
        static_assert(std::is_same_v<decltype(loaded.type), unique_string>);
        EXPECT_NE(loaded.input_stream, nullptr);
    }(directory.file("icon.png", "image")));
}

TEST(typed_devices, an_object_is_initialised) {
    run([]() -> task<> {
        // A connection of nobody's address.
        const auto connection = adopt(reinterpret_cast<GAsyncInitable*>(
            g_object_new(G_TYPE_DBUS_CONNECTION, "address", "unix:path=/nonexistent", "flags",
                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nullptr)));
        auto outcome = co_await as_result(gio::async_initable_init(connection));
        EXPECT_TRUE(outcome.has_error());
    }());
}

TEST(typed_devices, an_object_is_made_and_initialised) {
    run([]() -> task<> {
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        GParameter address{"address", G_VALUE_INIT};
        g_value_init(&address.value, G_TYPE_STRING);
        g_value_set_static_string(&address.value, "unix:path=/nonexistent");
        auto outcome =
            co_await as_result(gio::async_initable_newv(G_TYPE_DBUS_CONNECTION, 1, &address));
        G_GNUC_END_IGNORE_DEPRECATIONS
        static_assert(std::is_same_v<decltype(outcome), result<ref<GObject>>>);
        EXPECT_TRUE(outcome.has_error());
    }());
}

TEST(typed_devices, programs_for_files_are_found_or_not) {
    run([]() -> task<> {
        auto found = co_await as_result(
            gio::app_info_get_default_for_type("application/x-gawait-nonesuch", false));
        EXPECT_TRUE(found.has_error());
        EXPECT_TRUE(found.error().matches(G_IO_ERROR_NOT_FOUND));
        auto by_scheme =
            co_await as_result(gio::app_info_get_default_for_uri_scheme("gawait-nonesuch"));
        EXPECT_TRUE(by_scheme.has_error());
        auto launched =
            co_await as_result(gio::app_info_launch_default_for_uri("gawait-nonesuch:x", nullptr));
        EXPECT_TRUE(launched.has_error());
    }());
}

TEST(typed_devices, a_program_is_launched_with_a_list_of_addresses) {
    run([]() -> task<> {
        const auto program = adopt(g_app_info_create_from_commandline(
            "true", "true", G_APP_INFO_CREATE_SUPPORTS_URIS, nullptr));
        const std::array<std::string, 2> addresses{"file:///one", "file:///two"};
        EXPECT_TRUE(co_await gio::app_info_launch_uris(program, addresses));
    }());
}

} // namespace
} // namespace gawait::test
