// Calls examples/work by sdbus-c++, and prints what came.

#include <sdbus-c++/sdbus-c++.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#if SDBUS_MAJOR == 1
using service_name = std::string;
#else
using service_name = sdbus::ServiceName;
#endif

int main() {
    constexpr auto name = "org.example.Work";
    const auto work = sdbus::createProxy(sdbus::createSessionBusConnection(), service_name(name),
                                         sdbus::ObjectPath("/org/example/Work"));
    std::atomic<std::uint32_t> progress{0};
    work->uponSignal("Progress").onInterface(name).call([&](std::uint32_t done) {
        progress = done;
    });
#if SDBUS_MAJOR == 1
    work->finishRegistration();
#endif
    std::string said;
    work->callMethod("Delay")
        .onInterface(name)
        .withArguments(std::uint32_t(10))
        .storeResultsTo(said);
    std::printf("%s\n", said.c_str());
    while (progress == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const sdbus::Variant done = work->getProperty("Done").onInterface(name);
    std::printf("%d\n", int(done.get<std::uint32_t>() == progress));
    try {
        work->callMethod("Size").onInterface(name).withArguments(std::string("/nonesuch"));
    } catch (const sdbus::Error& error) {
        std::printf("%s\n", std::string(error.getName()).c_str());
    }
}
