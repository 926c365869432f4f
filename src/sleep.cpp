#include "gawait/sleep.hpp"

namespace gawait {

bool sleep_awaiter::start() noexcept {
    try {
        home().start(*this, deadline_);
        return true;
    } catch (...) {
        failure_ = detail::failure::current();
        return false;
    }
}

bool sleep_awaiter::withdraw() noexcept { return home().cancel(*this); }

void sleep_awaiter::expired(job& self) noexcept {
    static_cast<sleep_awaiter&>(static_cast<timer&>(self)).finish_now();
}

} // namespace gawait
