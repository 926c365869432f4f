// Runs one chain of operations, for a tool that counts the instructions of the whole
// program: the difference between two numbers of operations is what the operations cost.

#include "gawait/engine/engine.hpp"
#include "support/chains.hpp"
#include "support/other_sources.hpp"

#include <cstdio>
#include <cstdlib>

using namespace gawait;

int main(int count, char** arguments) {
    const benchmarks::other_sources others;
    if (count == 3)
        for (const auto& chain : benchmarks::chains())
            if (chain.name == arguments[1]) {
                const engine_ref beside = chain.beside_engine ? engine::get() : engine_ref();
                chain.run(std::strtoul(arguments[2], nullptr, 10));
                return EXIT_SUCCESS;
            }
    std::fprintf(stderr, "usage: %s CHAIN OPERATIONS\n", arguments[0]);
    for (const auto& chain : benchmarks::chains())
        std::printf("%.*s\n", int(chain.name.size()), chain.name.data());
    return count == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
