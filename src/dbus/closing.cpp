#include "dbus/closing.hpp"

#include "gawait/detail/signal_connection.hpp"
#include "gawait/thread_event.hpp"

#include <memory>

namespace gawait::dbus::detail {

/// The handler of a connection's "closed", which comes in the context that made the connection.
class closing final : public gawait::detail::signal_connection {
public:
    thread_event& closed() noexcept { return closed_; }

private:
    void emitted(const GValue* /*arguments*/, GValue* /*answer*/) noexcept override {
        closed_.set();
    }
    void ended() noexcept override { closed_.set(); }

    thread_event closed_;
};

task<> until_closed(ref<GDBusConnection> bus) {
    const auto handler = std::make_shared<closing>();
    closing::connect(handler, {ref<GObject>::retain(G_OBJECT(bus.get())),
                               g_signal_lookup("closed", G_TYPE_DBUS_CONNECTION), 0});
    const gawait::detail::connected<closing> connected(handler);
    if (!g_dbus_connection_is_closed(bus)) // perhaps before it could say so
        co_await handler->closed().wait();
}

} // namespace gawait::dbus::detail
