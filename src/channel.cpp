#include "gawait/channel.hpp"

namespace gawait::detail {

error channel_closed_error() noexcept {
    return error(G_IO_ERROR_CLOSED, "gawait::channel: sending into a closed channel");
}

} // namespace gawait::detail
