// Calls of a method of the session's message bus, one after another.

#include "support/bus_calls.hpp"
#include "support/one_chain.hpp"

int main(int count, char** arguments) {
    return gawait::benchmarks::run_one_chain(gawait::benchmarks::bus_calls(), count, arguments);
}
