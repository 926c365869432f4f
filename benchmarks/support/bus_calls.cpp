#include "support/bus_calls.hpp"

#include "gawait/ref.hpp"
#include "gawait/spawn.hpp"
#include "support/answer.hpp"
#include "support/callback_chain.hpp"
#include "support/loop.hpp"

#include "org.freedesktop.DBus.hpp"

#include <gio/gio.h>

#ifdef HAVE_SDBUS
#include <sdbus-c++/sdbus-c++.h>
#endif

#include <string>
#include <utility>

namespace gawait::benchmarks {
namespace {

constexpr auto name = "org.freedesktop.DBus";
constexpr auto path = "/org/freedesktop/DBus";

ref<GDBusConnection> session_bus() {
    GError* failure = nullptr;
    auto bus = ref<GDBusConnection>::adopt(g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, &failure));
    expect_success(failure);
    return bus;
}

// By hand --------------------------------------------------------------------------

/// One call after the other, each from the callback of the last.
class calls_by_hand {
public:
    explicit calls_by_hand(std::size_t calls) : left_(calls) {}

    void run() {
        begin_next();
        iterate_until(done_);
    }

private:
    void begin_next() {
        g_dbus_connection_call(bus_, name, path, name, "GetNameOwner", g_variant_new("(s)", name),
                               G_VARIANT_TYPE("(s)"), G_DBUS_CALL_FLAGS_NONE, -1, cancellable_,
                               on_reply, this);
    }

    static void on_reply(GObject* bus, GAsyncResult* result, gpointer data) {
        auto& self = *static_cast<calls_by_hand*>(data);
        GError* failure = nullptr;
        const auto reply = ref<GVariant>::adopt(
            g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &failure));
        expect_success(failure);
        const char* owner = nullptr;
        g_variant_get(reply, "(&s)", &owner);
        self.length_ += std::string(owner).size();
        if (--self.left_ == 0)
            self.done_ = true;
        else
            self.begin_next();
    }

    std::size_t left_;
    ref<GDBusConnection> bus_ = session_bus();
    ref<GCancellable> cancellable_ = ref<GCancellable>::adopt(g_cancellable_new());
    std::size_t length_ = 0;
    bool done_ = false;
};

void run_by_hand(std::size_t calls) { calls_by_hand(calls).run(); }

// gawait ---------------------------------------------------------------------------

task<std::size_t> calls_of_proxy(std::size_t calls) {
    const org::freedesktop::dbus_proxy bus(session_bus(), name, dbus::object_path(path));
    std::size_t length = 0;
    for (std::size_t begun = 0; begun < calls; ++begun)
        length += (co_await bus.get_name_owner(name)).size();
    co_return length;
}

void run_gawait(std::size_t calls) {
    const auto handle = spawn(calls_of_proxy(calls));
    while (!handle.done())
        g_main_context_iteration(nullptr, TRUE);
    if (handle.take() == 0)
        g_error("nothing was called");
}

#ifdef HAVE_SDBUS
// sdbus-c++ ------------------------------------------------------------------------

#if HAVE_SDBUS == 1
using sdbus_name = std::string;
#else
using sdbus_name = sdbus::ServiceName;
#endif

/// Its calls that block: of all that it has, they do least.
void run_sdbus(std::size_t calls) {
    const auto connection = sdbus::createSessionBusConnection();
    const auto bus = sdbus::createProxy(*connection, sdbus_name(name), sdbus::ObjectPath(path));
    std::size_t length = 0;
    for (std::size_t begun = 0; begun < calls; ++begun) {
        std::string owner;
        bus->callMethod("GetNameOwner")
            .onInterface(name)
            .withArguments(std::string(name))
            .storeResultsTo(owner);
        length += owner.size();
    }
    if (length == 0)
        g_error("nothing was called");
}
#endif

constexpr chain all_calls[] = {
    {"g_dbus_connection_call by hand", run_by_hand, false},
    {"gawait", run_gawait, true},
#ifdef HAVE_SDBUS
    {"sdbus-c++", run_sdbus, false},
#endif
};

} // namespace

std::span<const chain> bus_calls() { return all_calls; }

} // namespace gawait::benchmarks
