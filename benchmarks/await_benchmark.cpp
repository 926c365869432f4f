// One operation after another, in each way of the support library.

#include "gawait/engine/engine.hpp"
#include "support/chains.hpp"
#include "support/other_sources.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace gawait::benchmarks {
namespace {

void run_chain(benchmark::State& state, const chain& which) {
    constexpr std::size_t operations = 1000;
    const other_sources others;
    const engine_ref beside = which.beside_engine ? engine::get() : engine_ref();
    for (auto _ : state)
        which.run(operations);
    state.counters["operations"] = operations;
}

[[maybe_unused]] const bool registered = [] {
    for (const chain& each : chains())
        benchmark::RegisterBenchmark(("await/" + std::string(each.name)).c_str(), run_chain, each);
    return true;
}();

} // namespace
} // namespace gawait::benchmarks
