#include "gawait/dbus/error.hpp"

#include "gawait/dbus/value.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <new>
#include <stdexcept>

namespace gawait::dbus::test {
namespace {

template <class Exception> error outgoing(const Exception& thrown) {
    return error_of(std::make_exception_ptr(thrown));
}

TEST(dbus_error, has_a_name_and_a_message) {
    const error made("org.example.Error.NotFound", "no such page");
    EXPECT_EQ(made.name(), "org.example.Error.NotFound");
    EXPECT_STREQ(made.message(), "no such page");
    EXPECT_STREQ(made.what(), "no such page");
    EXPECT_TRUE(made.matches(G_IO_ERROR_DBUS_ERROR));
}

TEST(dbus_error, one_that_gdbus_knows_has_its_code) {
    const error made("org.freedesktop.DBus.Error.AccessDenied", "no");
    EXPECT_TRUE(made.matches(G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED));
}

TEST(dbus_error, a_name_that_is_none_is_refused) {
    EXPECT_THROW(error("nodots", ""), value_error);
    EXPECT_THROW(error("", ""), value_error);
    EXPECT_THROW(error(std::string_view("a.b\0c", 5), ""), value_error);
}

TEST(dbus_error, a_copy_that_forgot_the_class_still_has_the_name) {
    const gawait::error sliced = error("org.example.Error.NotFound", "no such page");
    const error again(sliced);
    EXPECT_EQ(again.name(), "org.example.Error.NotFound");
    EXPECT_STREQ(again.message(), "no such page");
}

TEST(dbus_error, a_message_that_is_no_utf_8_is_made_so) {
    EXPECT_STREQ(error("a.b", "x\xff").message(), "x\xef\xbf\xbd");
}

TEST(dbus_error, goes_out_by_its_name) {
    const auto out = outgoing(error("org.example.Error.NotFound", "no such page"));
    EXPECT_EQ(out.name(), "org.example.Error.NotFound");
    EXPECT_STREQ(out.message(), "no such page");
}

TEST(dbus_error, a_gerror_goes_out_by_its_domain_and_code) {
    const auto known = outgoing(gawait::error(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "wrong"));
    EXPECT_EQ(known.name(), "org.freedesktop.DBus.Error.InvalidArgs");
    const auto unknown = outgoing(gawait::error(G_IO_ERROR_NOT_FOUND, "nothing there"));
    EXPECT_TRUE(unknown.name().starts_with("org.gtk.GDBus.UnmappedGError.")) << unknown.name();
    EXPECT_STREQ(unknown.message(), "nothing there");
}

TEST(dbus_error, a_value_of_another_type_goes_out_as_invalid_arguments) {
    EXPECT_EQ(outgoing(type_error("s", "i")).name(), "org.freedesktop.DBus.Error.InvalidArgs");
    EXPECT_EQ(outgoing(value_error("none")).name(), "org.freedesktop.DBus.Error.InvalidArgs");
}

TEST(dbus_error, other_exceptions_go_out_as_failed) {
    EXPECT_EQ(outgoing(std::runtime_error("why")).name(), "org.freedesktop.DBus.Error.Failed");
    EXPECT_STREQ(outgoing(std::runtime_error("why")).message(), "why");
    EXPECT_EQ(outgoing(1).name(), "org.freedesktop.DBus.Error.Failed");
}

TEST(dbus_error, a_cancellation_goes_out_as_no_reply) {
    EXPECT_EQ(outgoing(cancelled()).name(), "org.freedesktop.DBus.Error.NoReply");
}

} // namespace
} // namespace gawait::dbus::test
