// Calls Echo of a service on the session bus again and again, and prints as JSON how many calls
// there were, and what time passed for one.
//
// usage: dbus_client SERVICE AT-ONCE SECONDS

#include "gawait/dbus/call.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "support/answer.hpp"
#include "support/bus_service.hpp"

#include <gio/gio.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

namespace gawait::benchmarks {
namespace {

using clock = std::chrono::steady_clock;

task<> call_until(ref<GDBusConnection> bus, std::string service, clock::time_point end,
                  std::int64_t& calls) {
    const std::string text = "some text";
    while (clock::now() < end) {
        const auto answer = co_await dbus::call<std::string>(bus, service, service_path,
                                                             service_interface, "Echo", text);
        if (answer != text)
            throw std::runtime_error(answer);
        ++calls;
    }
}

task<> call_at_once(std::string service, int at_once, std::chrono::duration<double> seconds) {
    GError* failure = nullptr;
    const auto bus =
        ref<GDBusConnection>::adopt(g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, &failure));
    expect_success(failure);
    std::int64_t calls = 0;
    const auto began = clock::now();
    const auto end = began + std::chrono::duration_cast<clock::duration>(seconds);
    co_await with_scope([&](scope& chains) -> task<> {
        for (int left = at_once; left > 0; --left)
            chains.spawn(call_until(bus, service, end, calls));
        co_return;
    });
    const std::chrono::duration<double, std::nano> passed = clock::now() - began;
    std::printf("{\"calls\": %lld, \"elapsed_ns\": %.1f}\n", static_cast<long long>(calls),
                passed.count() / double(calls));
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 4) {
        std::fprintf(stderr, "usage: %s SERVICE AT-ONCE SECONDS\n", arguments[0]);
        return EXIT_FAILURE;
    }
    const std::chrono::duration<double> seconds(std::atof(arguments[3]));
    gawait::run(gawait::benchmarks::call_at_once(arguments[1], std::atoi(arguments[2]), seconds));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "dbus_client: %s\n", failure.what());
    return EXIT_FAILURE;
}
