#pragma once

#include "gawait/run.hpp"

#include <exception>
#include <string>
#include <utility>

namespace gawait::test {

/// Runs something and gives the message of the exception that it ends with, or nothing.
template <class Awaitable> std::string failure_of(Awaitable awaited) {
    try {
        run(std::move(awaited));
    } catch (const std::exception& failure) {
        return failure.what();
    }
    return {};
}

} // namespace gawait::test
