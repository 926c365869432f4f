#include "gawait/with_timeout.hpp"

namespace gawait::detail {

cancel_timer::cancel_timer(engine& home, cancellation& target, clock::time_point deadline)
    : timer(run), home_(home), target_(target) {
    home.start(*this, deadline);
}

bool cancel_timer::stop() noexcept { return expired_ || home_.cancel(*this); }

void cancel_timer::run(job& due) noexcept {
    auto& self = static_cast<cancel_timer&>(static_cast<timer&>(due));
    self.expired_ = true;
    if (self.stopping_)
        self.stopping_.resume();
    else
        self.target_.request();
}

error timed_out_error() noexcept {
    return error(G_IO_ERROR_TIMED_OUT, "gawait::with_timeout: the time is over");
}

} // namespace gawait::detail
