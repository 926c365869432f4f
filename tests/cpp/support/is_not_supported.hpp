#pragma once

#include "gawait/result.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <utility>

namespace gawait::test {

/// Whether an operation ends with G_IO_ERROR_NOT_SUPPORTED.
template <class Operation> task<bool> is_not_supported(Operation operation) {
    const auto outcome = co_await as_result(std::move(operation));
    co_return outcome.has_error() && outcome.error().matches(G_IO_ERROR_NOT_SUPPORTED);
}

} // namespace gawait::test
