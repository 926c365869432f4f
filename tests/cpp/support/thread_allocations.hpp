#pragma once

// Counts what a thread allocates, in C and in C++.

#include <cstddef>

namespace gawait::test {

// Volatile: clang takes it that operator new changes nothing that a program can see.
inline thread_local volatile std::size_t allocation_count = 0;

/// Counts the allocations of this thread since it was constructed.
class allocation_counter {
public:
    std::size_t count() const noexcept { return allocation_count - before_; }

private:
    std::size_t before_ = allocation_count;
};

} // namespace gawait::test
