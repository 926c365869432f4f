#include "gawait/async_generator.hpp"

namespace gawait::detail {

error generator_broken_error() noexcept {
    return error(G_IO_ERROR_CLOSED,
                 "gawait::async_generator: an exception or a cancellation ended it before its end");
}

error generator_busy_error() noexcept {
    return error(G_IO_ERROR_PENDING, "gawait::async_generator: another next() of it is under way");
}

} // namespace gawait::detail
