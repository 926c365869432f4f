#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace gawait::test {

/// How many descriptors this process has open.
inline std::size_t open_descriptors() {
    using std::filesystem::directory_iterator;
    const auto count = std::distance(directory_iterator("/proc/self/fd"), directory_iterator());
    return std::size_t(count) - 1; // the one that lists the directory
}

} // namespace gawait::test
