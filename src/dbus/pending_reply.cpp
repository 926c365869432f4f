#include "dbus/pending_reply.hpp"

#include <utility>

namespace gawait::dbus::detail {

pending_reply::pending_reply(ref<GDBusMethodInvocation> call) noexcept : call_(std::move(call)) {}

pending_reply::~pending_reply() {
    if (call_)
        g_dbus_method_invocation_return_dbus_error(call_.release(),
                                                   "org.freedesktop.DBus.Error.NoReply",
                                                   "the call was cancelled before it began");
}

void pending_reply::give(const answer& given) noexcept {
    g_dbus_method_invocation_return_value_with_unix_fd_list(call_.release(), given.body,
                                                            given.descriptors);
}

void pending_reply::fail(const error& failure) noexcept {
    g_dbus_method_invocation_return_dbus_error(call_.release(), failure.name().c_str(),
                                               failure.message());
}

} // namespace gawait::dbus::detail
