#pragma once

#include "gawait/dbus/signal_match.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/detail/signal_connection.hpp"
#include "gawait/ref.hpp"
#include "gawait/thread_channel.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <memory>

namespace gawait::dbus::detail {

/// Receives signals over a connection until that is closed, and keeps what they carry. It is the
/// handler of the connection's "closed".
class GAWAIT_API subscription final : public gawait::detail::signal_connection,
                                      public std::enable_shared_from_this<subscription> {
public:
    using awaiter = thread_channel<ref<GVariant>>::receive_awaiter;

    /// @throws value_error, gawait::error
    static gawait::detail::connected<subscription>
    begin(GDBusConnection* bus, const signal_match& which, std::size_t most);

    subscription(GDBusConnection* bus, std::size_t most);
    ~subscription() override;

    awaiter next() noexcept { return received_.receive(); }
    std::size_t dropped() { return received_.dropped(); }
    std::size_t kept() { return received_.size(); }

private:
    void subscribe(const signal_match& which);

    void emitted(const GValue* arguments, GValue* answer) noexcept override;
    void ended() noexcept override;

    static void on_signal(GDBusConnection* bus, const char* sender, const char* path,
                          const char* interface, const char* member, GVariant* body,
                          gpointer number) noexcept;

    const ref<GDBusConnection> bus_;
    const ref<GMainContext> home_;
    gsize number_ = 0; // by which GDBus knows it
    unsigned id_ = 0;
    thread_channel<ref<GVariant>> received_;
};

} // namespace gawait::dbus::detail
