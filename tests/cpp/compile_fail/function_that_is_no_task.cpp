// error: promise
#include "gawait/yield.hpp"

// No library has a say in this: the compilers' own words, for docs/reference/mistakes.md.
void awaits_in_an_ordinary_function() { co_await gawait::yield(); }
