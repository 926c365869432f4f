#pragma once

#include "gawait/task.hpp"
#include "gawait/when_any.hpp"
#include "support/later.hpp"

#include <utility>

namespace gawait::test {

/// Begins an operation and cancels it before its result can have come; whether it has ended then.
template <class Operation> task<bool> is_cancelled(Operation operation) {
    const auto first = co_await when_any(std::move(operation), give(0, 0));
    co_return first.index() == 1;
}

} // namespace gawait::test
