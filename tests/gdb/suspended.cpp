// Stops, by a signal that debuggers take, when its tasks are suspended.

#include "gawait/async.hpp"
#include "gawait/async_generator.hpp"
#include "gawait/event.hpp"
#include "gawait/named.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"

#include <gio/gio.h>

#include <csignal>

using namespace gawait;

namespace {

async_generator<int> numbers(event& never) {
    co_yield 1;
    co_await never.wait();
}

task<> add_up(event& never) {
    auto all = numbers(never);
    while (co_await all.next()) {
    }
}

task<> wait_for(GSubprocess* process) {
    co_await async<void>(g_subprocess_wait_async, g_subprocess_wait_finish, process);
}

task<> stop_here() {
    co_await sleep_for(std::chrono::milliseconds(50));
    std::raise(SIGTRAP);
}

task<> outer(GSubprocess* process, event& never) {
    co_await when_all(named("the process", wait_for(process)), add_up(never), stop_here());
}

} // namespace

int main() {
    // It ends when nobody has the other end of its input any more.
    constexpr auto flags = static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                                         G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                                         G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    const auto process = ref<GSubprocess>::adopt(g_subprocess_new(flags, nullptr, "cat", nullptr));
    event never;
    run(outer(process, never));
}
