#include "gawait/detail/siblings.hpp"

namespace gawait::detail {

std::coroutine_handle<> sibling::run_ended(completion& call, promise_base& ended) noexcept {
    auto& self = static_cast<sibling&>(call);
    if (ended.env().home != self.group_.env_.home) {
        self.group_.env_.home->post(self); // it ended on another context than it began on
        return std::noop_coroutine();
    }
    self.group_.note_end(&self, self.failed());
    return self.group_.leave();
}

void sibling::run_come_home(job& returning) noexcept {
    auto& self = static_cast<sibling&>(returning);
    self.group_.note_end(&self, self.failed());
    self.group_.leave().resume();
}

void sibling_group::note_end(const sibling* which, const failure* why,
                             const char* called) noexcept {
    if (which && !first_)
        first_ = which;
    // Those that are cancelled because of the first do not count.
    if (why && cancel_.requested() && why->was_cancelled()) {
        cut_short_ = true;
    } else if (why) {
        if (failure_ || (policy_ == cancel_rest::when_one_ends && first_ != which))
            report_unobserved(*why, called);
        else
            failure_ = *why;
    }
    if (why || policy_ == cancel_rest::when_one_ends)
        cancel_.request();
}

void sibling_group::rethrow_failure() const {
    if (failure_)
        failure_.rethrow();
}

std::coroutine_handle<> sibling_group::leave() noexcept {
    if (--running_ == 0 && joining_)
        return std::exchange(joining_, nullptr);
    return std::noop_coroutine();
}

} // namespace gawait::detail
