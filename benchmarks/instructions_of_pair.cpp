// Calls pairs of functions one after another, for a tool that counts the instructions of the
// whole program: the difference between two numbers of calls is what the calls cost.

#include "gawait/engine/engine.hpp"
#include "support/other_sources.hpp"
#include "support/pairs.hpp"

#include <cstdio>
#include <cstdlib>

using namespace gawait;

int main(int count, char** arguments) {
    const benchmarks::other_sources others;
    if (count == 3)
        for (const auto& pair : benchmarks::pairs())
            if (pair.name == arguments[1]) {
                const engine_ref beside = pair.beside_engine ? engine::get() : engine_ref();
                pair.run(std::strtoul(arguments[2], nullptr, 10));
                return EXIT_SUCCESS;
            }
    std::fprintf(stderr, "usage: %s PAIR CALLS\n", arguments[0]);
    for (const auto& pair : benchmarks::pairs())
        std::printf("%.*s\n", int(pair.name.size()), pair.name.data());
    return count == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
