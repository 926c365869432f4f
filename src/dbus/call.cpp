#include "gawait/dbus/call.hpp"

#include "dbus/limits.hpp"
#include "dbus/names.hpp"

#include <algorithm>
#include <limits>

namespace gawait::dbus::detail {
namespace {

int milliseconds_for_gdbus(std::chrono::milliseconds timeout) noexcept {
    if (timeout.count() < 0)
        return -1;
    constexpr std::chrono::milliseconds never(std::numeric_limits<int>::max());
    return static_cast<int>(std::min(timeout, never).count());
}

GDBusMessageFlags message_flags(GDBusCallFlags flags) noexcept {
    unsigned made = G_DBUS_MESSAGE_FLAGS_NONE;
    if (flags & G_DBUS_CALL_FLAGS_NO_AUTO_START)
        made |= G_DBUS_MESSAGE_FLAGS_NO_AUTO_START;
    if (flags & G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
        made |= G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
    return static_cast<GDBusMessageFlags>(made);
}

} // namespace

method_call::method_call(GDBusConnection* bus, const cstring& destination, const cstring& path,
                         const cstring& interface, const cstring& method,
                         const call_options& options)
    : bus_(ref<GDBusConnection>::retain(bus)), timeout_(milliseconds_for_gdbus(options.timeout)) {
    check_connection(bus);
    if (destination.get())
        check_bus_name(destination);
    check_object_path(path);
    check_interface_name(interface);
    check_member_name(method);
    message_ = ref<GDBusMessage>::adopt(g_dbus_message_new_method_call(
        destination.get(), path.get(), interface.get(), method.get()));
    if (options.flags != G_DBUS_CALL_FLAGS_NONE)
        g_dbus_message_set_flags(message_, message_flags(options.flags));
}

void method_call::carry(GVariant* arguments, GUnixFDList* descriptors) {
    g_dbus_message_set_body(message_, arguments);
    check_body(arguments);
    if (descriptors)
        g_dbus_message_set_unix_fd_list(message_, descriptors);
}

void method_call::send(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
    if (g_dbus_message_get_locked(message_)) { // sent before
        GError* failure = nullptr;
        auto another = ref<GDBusMessage>::adopt(g_dbus_message_copy(message_, &failure));
        if (failure)
            throw gawait::error(failure);
        message_ = std::move(another);
    }
    g_dbus_connection_send_message_with_reply(bus_, message_, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                              timeout_, nullptr, cancellable, callback, data);
}

ref<GDBusMessage> method_call::receive(GAsyncResult* result, GError** failure) noexcept {
    auto reply = ref<GDBusMessage>::adopt(
        g_dbus_connection_send_message_with_reply_finish(bus_, result, failure));
    if (reply)
        g_dbus_message_to_gerror(reply, failure);
    return reply;
}

void method_call::describe(std::string& to) const {
    const auto add = [&](const char* before, const char* part) {
        if (part)
            to.append(before).append(part);
    };
    add(" of ", g_dbus_message_get_destination(message_));
    add(" ", g_dbus_message_get_path(message_));
    add(" ", g_dbus_message_get_interface(message_));
    add(".", g_dbus_message_get_member(message_));
}

void method_call::send_only() {
    g_dbus_message_set_flags(
        message_, static_cast<GDBusMessageFlags>(g_dbus_message_get_flags(message_) |
                                                 G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED));
    GError* failure = nullptr;
    if (!g_dbus_connection_send_message(bus_, message_, G_DBUS_SEND_MESSAGE_FLAGS_NONE, nullptr,
                                        &failure))
        throw gawait::error(failure);
}

void throw_named(gawait::error failure) {
    if (g_dbus_error_is_remote_error(failure.get()))
        throw dbus::error(std::move(failure));
    throw failure;
}

ref<GVariant> body_of(GDBusMessage* message) noexcept {
    if (GVariant* const body = g_dbus_message_get_body(message)) [[likely]]
        return ref<GVariant>::retain(body);
    return ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_tuple(nullptr, 0)));
}

} // namespace gawait::dbus::detail
