#pragma once

#include "gawait/task.hpp"
#include "gawait/yield.hpp"

#include <stdexcept>
#include <utility>

namespace gawait::test {

/// Gives a value after so many rounds.
template <class T> task<T> give(T value, int rounds = 1) {
    for (; rounds > 0; --rounds)
        co_await yield();
    co_return std::forward<T>(value);
}

/// Fails after so many rounds.
inline task<int> fail(const char* message, int rounds = 1) {
    for (; rounds > 0; --rounds)
        co_await yield();
    throw std::runtime_error(message);
}

} // namespace gawait::test
