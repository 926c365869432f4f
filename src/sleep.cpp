#include "gawait/sleep.hpp"

namespace gawait {

void sleep_awaiter::start() { home().start(*this, deadline_); }

bool sleep_awaiter::withdraw() noexcept { return home().cancel(*this); }

void sleep_awaiter::expired(job& self) noexcept {
    static_cast<sleep_awaiter&>(static_cast<timer&>(self)).finish_now();
}

} // namespace gawait
