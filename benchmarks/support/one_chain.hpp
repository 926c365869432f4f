#pragma once

#include "gawait/engine/engine.hpp"
#include "support/chains.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>

namespace gawait::benchmarks {

/// Runs one chain of operations, for a tool that counts the instructions of the whole program: the
/// difference between two numbers of operations is what the operations cost.
///
/// @param arguments of the program: the name of the chain, and how many operations. Without,
///     the names of all are printed.
/// @return the status that the program ends with.
inline int run_one_chain(std::span<const chain> chains, int count, char** arguments) {
    if (count == 3)
        for (const auto& chain : chains)
            if (chain.name == arguments[1]) {
                const engine_ref beside = chain.beside_engine ? engine::get() : engine_ref();
                chain.run(std::strtoul(arguments[2], nullptr, 10));
                return EXIT_SUCCESS;
            }
    std::fprintf(stderr, "usage: %s CHAIN OPERATIONS\n", arguments[0]);
    for (const auto& chain : chains)
        std::printf("%.*s\n", int(chain.name.size()), chain.name.data());
    return count == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace gawait::benchmarks
