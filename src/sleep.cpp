#include "gawait/sleep.hpp"

#include "gawait/detail/task_tree.hpp"

namespace gawait {

const sleep_awaiter::kind sleep_awaiter::a_timer{
    role::wait, "a timer", [](const auto& self, std::string& to) {
        const auto deadline = static_cast<const sleep_awaiter&>(self).deadline_;
        if (deadline == clock::time_point::max())
            to += " that never comes";
        else
            to += " that is due in " + detail::text_of(deadline - now());
    }};

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
