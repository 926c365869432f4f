// One call of the session's message bus after another, in each way of the support library.

#include "gawait/engine/engine.hpp"
#include "support/bus_calls.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace gawait::benchmarks {
namespace {

void run_calls(benchmark::State& state, const chain& which) {
    constexpr std::size_t calls = 100;
    const engine_ref beside = which.beside_engine ? engine::get() : engine_ref();
    for (auto _ : state)
        which.run(calls);
    state.counters["operations"] = calls;
}

[[maybe_unused]] const bool registered = [] {
    // GDBus has a thread of its own.
    for (const chain& each : bus_calls())
        benchmark::RegisterBenchmark(("bus/" + std::string(each.name)).c_str(), run_calls, each)
            ->MeasureProcessCPUTime();
    return true;
}();

} // namespace
} // namespace gawait::benchmarks
