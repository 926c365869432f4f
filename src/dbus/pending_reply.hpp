#pragma once

#include "gawait/dbus/detail/handler.hpp"
#include "gawait/dbus/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::dbus::detail {

/// A call that is answered once: with an error, if nothing else was said by the end of its life.
class pending_reply {
public:
    explicit pending_reply(ref<GDBusMethodInvocation> call) noexcept;
    pending_reply(pending_reply&&) noexcept = default;
    pending_reply& operator=(pending_reply&&) = delete;
    ~pending_reply();

    GDBusMethodInvocation* call() const noexcept { return call_; }

    void give(const answer& given) noexcept;
    void fail(const error& failure) noexcept;

private:
    ref<GDBusMethodInvocation> call_; // null when it was answered
};

} // namespace gawait::dbus::detail
