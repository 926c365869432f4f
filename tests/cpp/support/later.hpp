#pragma once

#include "gawait/sleep.hpp"
#include "gawait/task.hpp"
#include "gawait/yield.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
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

/// Ends when it is cancelled.
inline task<> sleep_for_ever() { co_await sleep_for(std::chrono::hours(1)); }

/// Adds its name to a log.
inline task<> note(char name, std::string& log) {
    log += name;
    co_return;
}

} // namespace gawait::test
