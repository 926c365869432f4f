// Calls of pairs of functions, one after another.

#include "support/one_chain.hpp"
#include "support/other_sources.hpp"
#include "support/pairs.hpp"

int main(int count, char** arguments) {
    const gawait::benchmarks::other_sources others;
    return gawait::benchmarks::run_one_chain(gawait::benchmarks::pairs(), count, arguments);
}
