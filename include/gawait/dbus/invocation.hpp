#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include <string_view>
#include <utility>

namespace gawait::dbus {

/// A call that is being answered: what a handler may want to know beside its arguments. Valid as
/// long as the handler runs.
class GAWAIT_API invocation {
public:
    explicit invocation(ref<GDBusMethodInvocation> call) noexcept : call_(std::move(call)) {}

    /// The caller's unique name; empty on a connection without a bus.
    std::string_view sender() const noexcept GAWAIT_LIFETIMEBOUND;

    /// The object that is called.
    std::string_view path() const noexcept GAWAIT_LIFETIMEBOUND;

    /// Whether the caller waits for an answer. If not, none is sent, whatever the handler gives.
    bool wants_reply() const noexcept;

    /// Whether the caller may be asked for a password, say.
    bool allows_interaction() const noexcept;

    /// For all else. Borrowed.
    GDBusConnection* connection() const noexcept GAWAIT_LIFETIMEBOUND;
    GDBusMessage* message() const noexcept GAWAIT_LIFETIMEBOUND;

    /// The descriptors that came with it, or null. (Those among the arguments, a handler gets as
    /// `unix_fd`.) Borrowed.
    GUnixFDList* descriptors() const noexcept GAWAIT_LIFETIMEBOUND;

private:
    ref<GDBusMethodInvocation> call_;
};

} // namespace gawait::dbus
