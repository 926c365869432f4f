#include "dbus/pending_reply.hpp"

#include "dbus/limits.hpp"
#include "gawait/dbus/value.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace gawait::dbus::detail {
namespace {

constexpr std::size_t longest_text = 65536; // of an error, which a message must be able to carry

} // namespace

pending_reply::pending_reply(ref<GDBusMethodInvocation> call) noexcept : call_(std::move(call)) {}

pending_reply::~pending_reply() {
    if (call_)
        g_dbus_method_invocation_return_dbus_error(call_.release(),
                                                   "org.freedesktop.DBus.Error.NoReply",
                                                   "the call was cancelled before it began");
}

void pending_reply::give(const answer& given) noexcept {
    try {
        check_body(given.body);
    } catch (const value_error& unsendable) {
        fail(error(unsendable));
        return;
    }
    g_dbus_method_invocation_return_value_with_unix_fd_list(call_.release(), given.body,
                                                            given.descriptors);
}

void pending_reply::fail(const error& failure) noexcept {
    const std::string_view text = std::string_view(failure.message()).substr(0, longest_text);
    const unique_string valid(g_utf8_make_valid(text.data(), gssize(text.size()))); // if cut
    g_dbus_method_invocation_return_dbus_error(call_.release(), failure.name().c_str(),
                                               valid.get());
}

} // namespace gawait::dbus::detail
