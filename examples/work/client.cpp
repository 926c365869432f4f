#include "org.example.Work.hpp"
#include <cstdio>
#include <gawait/gawait.hpp>
#include <gawait/gio/functions.hpp>
using namespace gawait;

int main() {
    run([]() -> task<> {
        org::example::work_proxy work(co_await gio::bus_get(G_BUS_TYPE_SESSION), "org.example.Work",
                                      dbus::object_path("/org/example/Work"));
        auto progress = work.progress();
        auto both = co_await when_all(work.delay(100), work.size("/etc/passwd"));
        std::printf("%s, %ju bytes\n", std::get<0>(both).c_str(), std::get<1>(both));
        std::printf("at %u of %u\n", (co_await progress.next()).value_or(0), co_await work.done());
        auto none = co_await as_result(work.size("/nonesuch"));
        std::printf("error: %s\n", dbus::error(none.error()).message());
        auto late =
            co_await as_result(with_timeout(std::chrono::milliseconds(50), work.delay(9000)));
        std::printf("late: %s\n", late.error().message());
    }());
}
