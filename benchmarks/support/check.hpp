#pragma once

#include <cerrno>
#include <system_error>

namespace gawait::benchmarks {

/// Throws what a system call that gave less than 0 failed with; else returns what it gave.
template <class Result> Result check(Result result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

} // namespace gawait::benchmarks
