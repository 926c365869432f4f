// A D-Bus service whose methods are coroutines: the reply is what the coroutine gives, an
// exception becomes a D-Bus error, and a caller that vanishes cancels its calls. To be run on
// a bus: dbus-run-session -- bus_service

#include "gawait/gawait.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <memory>
#include <optional>
#include <string>

using namespace gawait;

namespace {

constexpr const char* path = "/org/gawait/Clock";
constexpr const char* interface = "org.gawait.Clock";
constexpr const char* description = R"(
    <node><interface name="org.gawait.Clock">
      <method name="Wait">
        <arg name="milliseconds" type="u" direction="in"/>
        <arg name="waited" type="u" direction="out"/>
      </method>
      <method name="Waiting"><arg name="calls" type="u" direction="out"/></method>
    </interface></node>)";

// The service -----------------------------------------------------------------------

/// Answers a call with what a coroutine gives.
task<> reply_with(ref<GDBusMethodInvocation> call, task<ref<GVariant>> body) {
    std::exception_ptr thrown;
    try {
        const auto reply = co_await body;
        g_dbus_method_invocation_return_value(call.release(), reply);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        g_dbus_method_invocation_return_gerror(call.release(), error_of(thrown).get());
}

class clock_service {
public:
    explicit clock_service(ref<GDBusConnection> bus) : bus_(std::move(bus)) {
        const auto node =
            ref<GDBusNodeInfo>::adopt(g_dbus_node_info_new_for_xml(description, nullptr));
        static const GDBusInterfaceVTable methods{on_call, nullptr, nullptr, {}};
        registration_ = g_dbus_connection_register_object(bus_, path, node->interfaces[0], &methods,
                                                          this, nullptr, nullptr);
        departures_ = g_dbus_connection_signal_subscribe(
            bus_, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
            "/org/freedesktop/DBus", nullptr, G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner_changed, this,
            nullptr);
    }

    clock_service(const clock_service&) = delete;
    clock_service& operator=(const clock_service&) = delete;

    ~clock_service() {
        g_dbus_connection_unregister_object(bus_, registration_);
        g_dbus_connection_signal_unsubscribe(bus_, departures_);
        for (const auto& each : calls_)
            each.running.cancel();
    }

private:
    struct running_call {
        std::string sender;
        join_handle<void> running;
    };

    // Not of the service, which a cancelled call may outlive.
    static task<ref<GVariant>> wait(std::shared_ptr<unsigned> waiting, unsigned milliseconds) {
        if (milliseconds > 10'000)
            throw error(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "nobody waits that long");
        ++*waiting;
        const auto slept = co_await as_result(sleep_for(std::chrono::milliseconds(milliseconds)));
        --*waiting;
        slept.value(); // or what ended it
        co_return ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("(u)", milliseconds)));
    }

    static task<ref<GVariant>> waiting(unsigned calls) {
        co_return ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("(u)", calls)));
    }

    static void on_call(GDBusConnection*, const char* sender, const char*, const char*,
                        const char* method, GVariant* arguments, GDBusMethodInvocation* invocation,
                        gpointer data) {
        auto& self = *static_cast<clock_service*>(data);
        task<ref<GVariant>> body;
        if (g_str_equal(method, "Wait")) {
            unsigned milliseconds = 0;
            g_variant_get(arguments, "(u)", &milliseconds);
            body = wait(self.waiting_, milliseconds);
        } else {
            body = waiting(*self.waiting_);
        }
        self.calls_.remove_if([](const auto& each) { return each.running.done(); });
        self.calls_.push_back(
            {sender,
             spawn(reply_with(ref<GDBusMethodInvocation>::adopt(invocation), std::move(body)))});
    }

    static void on_name_owner_changed(GDBusConnection*, const char*, const char*, const char*,
                                      const char*, GVariant* change, gpointer data) {
        const char* name = nullptr;
        const char* owner = nullptr;
        g_variant_get(change, "(&s&s&s)", &name, nullptr, &owner);
        for (const auto& each : static_cast<clock_service*>(data)->calls_)
            if (!*owner && each.sender == name)
                each.running.cancel();
    }

    ref<GDBusConnection> bus_;
    unsigned registration_ = 0;
    unsigned departures_ = 0;
    std::shared_ptr<unsigned> waiting_ = std::make_shared<unsigned>(0);
    std::list<running_call> calls_;
};

// Its callers -----------------------------------------------------------------------

void require(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "bus_service: %s\n", what);
    std::exit(EXIT_FAILURE);
}

task<ref<GDBusConnection>> connect() {
    const unique_string address(
        g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, nullptr, nullptr));
    require(address != nullptr, "there is no session bus");
    co_return co_await async(g_dbus_connection_new_for_address,
                             g_dbus_connection_new_for_address_finish, address.get(),
                             GDBusConnectionFlags(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
                             static_cast<GDBusAuthObserver*>(nullptr));
}

task<unsigned> call(ref<GDBusConnection> bus, std::string service, const char* method,
                    GVariant* arguments) {
    const auto reply = co_await async(g_dbus_connection_call, g_dbus_connection_call_finish, bus,
                                      service.c_str(), path, interface, method, arguments,
                                      G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1);
    unsigned answer = 0;
    g_variant_get(reply, "(u)", &answer);
    co_return answer;
}

task<unsigned> call_wait(ref<GDBusConnection> bus, std::string service, unsigned milliseconds) {
    return call(std::move(bus), std::move(service), "Wait", g_variant_new("(u)", milliseconds));
}

/// Asks the service until so many calls wait.
task<> until_waiting(ref<GDBusConnection> bus, std::string service, unsigned expected) {
    while (true) {
        const unsigned calls = co_await call(bus, service, "Waiting", nullptr);
        if (calls == expected)
            break;
        co_await sleep_for(std::chrono::milliseconds(1));
    }
}

task<> show() {
    const auto bus = co_await connect();
    std::optional<clock_service> service(bus);
    const std::string name = g_dbus_connection_get_unique_name(bus);
    const auto caller = co_await connect();

    const auto answers = co_await when_all(
        call_wait(caller, name, 200), call_wait(caller, name, 200), until_waiting(caller, name, 2));
    require(std::get<0>(answers) == 200 && std::get<1>(answers) == 200,
            "a reply is not what was asked for");
    std::printf("two calls at the same time: answered\n");

    const auto failed = co_await as_result(call_wait(caller, name, 20'000));
    require(failed.has_error(), "a call that should fail did not");
    const unique_string remote(g_dbus_error_get_remote_error(failed.error().get()));
    std::printf("a call that fails: %s\n", remote.get());

    const auto refused = co_await as_result(
        call(caller, name, "Wait", g_variant_new("(s)", "a string, where a number belongs")));
    require(refused.has_error() && refused.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS),
            "an argument of the wrong type was not refused");
    std::printf("an argument of the wrong type: refused before a coroutine runs\n");

    auto vanishing = co_await connect();
    g_dbus_connection_call(vanishing, name.c_str(), path, interface, "Wait",
                           g_variant_new("(u)", 9'000), nullptr, G_DBUS_CALL_FLAGS_NONE, -1,
                           nullptr, nullptr, nullptr);
    co_await until_waiting(caller, name, 1);
    co_await async<void>(g_dbus_connection_close, g_dbus_connection_close_finish, vanishing);
    co_await until_waiting(caller, name, 0);
    std::printf("a caller that vanished: its call was cancelled\n");

    const auto unfinished = spawn(call_wait(caller, name, 9'000));
    co_await until_waiting(caller, name, 1);
    service.reset();
    const auto ended = co_await as_result(unfinished);
    require(ended.has_error() && ended.error().matches(G_IO_ERROR_CANCELLED),
            "a call outlived the service");
    std::printf("a service that is gone: its call was cancelled\n");
}

} // namespace

int main() {
    run(show());
    return EXIT_SUCCESS;
}
