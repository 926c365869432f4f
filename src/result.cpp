#include "gawait/result.hpp"

namespace gawait::detail {

const error& error_of_no_failure(bool was_cancelled) noexcept {
    static const error cancellation(G_IO_ERROR_CANCELLED, "it was cancelled");
    static const error none(G_IO_ERROR_INVALID_ARGUMENT, "gawait::result: there is no error");
    return was_cancelled ? cancellation : none;
}

} // namespace gawait::detail
