#include "gawait/dbus/error.hpp"

#include "gawait/dbus/detail/parts.hpp"
#include "gawait/dbus/value.hpp"

#include <gio/gio.h>

namespace gawait::dbus {
namespace {

/// The `GError` that GDBus makes of an error of this name, which it has in its message.
GError* named_error(std::string_view name, const std::string& message) {
    const std::string text(name);
    if (!detail::is_whole_text(text) || !g_dbus_is_interface_name(text.c_str()))
        throw value_error("'" + text + "' is no name of an error");
    const unique_string valid(g_utf8_make_valid(message.data(), gssize(message.size())));
    return g_dbus_error_new_for_dbus_error(text.c_str(), valid.get());
}

std::string name_of(const GError* failure) {
    const unique_string remote(g_dbus_error_get_remote_error(failure));
    return remote ? remote.get() : unique_string(g_dbus_error_encode_gerror(failure)).get();
}

std::string message_of(const GError* failure) {
    GError* const stripped = g_error_copy(failure);
    g_dbus_error_strip_remote_error(stripped);
    return gawait::error(stripped).message();
}

constexpr const char* failed = "org.freedesktop.DBus.Error.Failed";

} // namespace

error::error(std::string_view name, const std::string& message)
    : error(gawait::error(named_error(name, message))) {}

error::error(gawait::error other)
    : gawait::error(std::move(other)), name_(name_of(get())), message_(message_of(get())) {}

error error_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const gawait::error& own) {
        return error(own);
    } catch (const cancelled&) {
        return {"org.freedesktop.DBus.Error.NoReply", "the call was cancelled"};
    } catch (const std::exception& other) {
        return {failed, other.what()};
    } catch (...) {
        return {failed, "an exception of an unknown type"};
    }
}

} // namespace gawait::dbus
