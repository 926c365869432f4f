#include "gawait/dbus/invocation.hpp"

namespace gawait::dbus {

std::string_view invocation::sender() const noexcept {
    const char* const sender = g_dbus_method_invocation_get_sender(call_);
    return sender ? sender : "";
}

std::string_view invocation::path() const noexcept {
    return g_dbus_method_invocation_get_object_path(call_);
}

bool invocation::wants_reply() const noexcept {
    return !(g_dbus_message_get_flags(message()) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
}

bool invocation::allows_interaction() const noexcept {
    return g_dbus_message_get_flags(message()) &
           G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
}

GDBusConnection* invocation::connection() const noexcept {
    return g_dbus_method_invocation_get_connection(call_);
}

GDBusMessage* invocation::message() const noexcept {
    return g_dbus_method_invocation_get_message(call_);
}

GUnixFDList* invocation::descriptors() const noexcept {
    return g_dbus_message_get_unix_fd_list(message());
}

} // namespace gawait::dbus
