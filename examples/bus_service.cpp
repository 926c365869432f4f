// A D-Bus service whose methods are coroutines: the reply is what the coroutine gives, an
// exception becomes a D-Bus error, and a caller that vanishes cancels its calls. To be run on
// a bus: dbus-run-session -- bus_service

#include "gawait/dbus.hpp"
#include "gawait/gawait.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace gawait;

namespace {

constexpr const char* interface_name = "org.gawait.Clock";
const dbus::object_path path("/org/gawait/Clock");

// The service -----------------------------------------------------------------------

class clock_service {
public:
    clock_service() {
        interface_.method("Wait", [this](std::uint32_t milliseconds) { return wait(milliseconds); },
                          {.in = {"milliseconds"}, .out = {"waited"}});
        interface_.property("Waiting", [this] { return waiting_; });
    }

    operator dbus::interface() const { return interface_; }

private:
    task<std::uint32_t> wait(std::uint32_t milliseconds) {
        if (milliseconds > 10'000)
            throw dbus::error("org.gawait.Error.TooLong", "nobody waits that long");
        count(+1);
        const auto slept = co_await as_result(sleep_for(std::chrono::milliseconds(milliseconds)));
        count(-1);
        slept.value(); // or what ended it
        co_return milliseconds;
    }

    void count(int more) {
        waiting_ += more;
        interface_.changed("Waiting", waiting_);
    }

    dbus::interface interface_{interface_name};
    std::int32_t waiting_ = 0;
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

auto call_wait(const dbus::proxy& clock, std::uint32_t milliseconds) {
    return clock.call<std::uint32_t>(interface_name, "Wait", milliseconds);
}

/// Waits until so many calls wait.
task<> until_waiting(dbus::proxy clock, std::int32_t expected) {
    auto waiting = clock.property<std::int32_t>(interface_name, "Waiting").values();
    while (const std::int32_t* calls = co_await waiting.next())
        if (*calls == expected)
            co_return;
    require(false, "the connection was closed");
}

task<> call_it(dbus::proxy clock, dbus::exported& object) {
    const auto answers =
        co_await when_all(call_wait(clock, 200), call_wait(clock, 200), until_waiting(clock, 2));
    require(std::get<0>(answers) == 200 && std::get<1>(answers) == 200,
            "a reply is not what was asked for");
    std::printf("two calls at the same time: answered\n");

    const auto failed = co_await as_result(call_wait(clock, 20'000));
    require(failed.has_error(), "a call that should fail did not");
    std::printf("a call that fails: %s\n", dbus::error(failed.error()).name().c_str());

    const auto refused =
        co_await as_result(clock.call(interface_name, "Wait", "a string, where a number belongs"));
    require(refused.has_error() && refused.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS),
            "an argument of the wrong type was not refused");
    std::printf("an argument of the wrong type: refused before a coroutine runs\n");

    const auto vanishing = co_await connect();
    const auto forgotten =
        spawn(as_result(call_wait(dbus::proxy(vanishing, clock.destination(), path), 9'000)));
    co_await until_waiting(clock, 1);
    co_await async<void>(g_dbus_connection_close, g_dbus_connection_close_finish, vanishing);
    co_await until_waiting(clock, 0);
    std::printf("a caller that vanished: its call was cancelled\n");

    const auto unfinished = spawn(as_result(call_wait(clock, 9'000)));
    co_await until_waiting(clock, 1);
    object.unexport();
    const auto ended = co_await unfinished;
    require(ended.has_error() && ended.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY),
            "a call outlived the service");
    std::printf("a service that is gone: its call was cancelled\n");
}

task<> show() {
    const auto bus = co_await connect();
    const auto caller = co_await connect();
    const clock_service clock;
    const dbus::proxy remote(caller, g_dbus_connection_get_unique_name(bus), path);
    auto calling = [&](dbus::exported& object) { return call_it(remote, object); };
    co_await dbus::with_exported(bus, path, clock, calling);
}

} // namespace

int main() {
    run(show());
    return EXIT_SUCCESS;
}
