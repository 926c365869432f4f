// One operation after another, awaited and otherwise.

#include "support/chains.hpp"
#include "support/one_chain.hpp"
#include "support/other_sources.hpp"

int main(int count, char** arguments) {
    const gawait::benchmarks::other_sources others;
    return gawait::benchmarks::run_one_chain(gawait::benchmarks::chains(), count, arguments);
}
