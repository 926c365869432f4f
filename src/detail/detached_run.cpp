#include "gawait/detail/detached_run.hpp"

namespace gawait::detail {

bool detached_run::begin_soon(const environment& env) noexcept {
    env_ = env;
    return env_.home->post(*this);
}

void detached_run::run(job& posted) noexcept {
    auto& self = static_cast<detached_run&>(posted);
    if (self.begun_ || self.env_.cancel->requested()) {
        self.end();
        return;
    }
    self.begun_ = true;
    self.begin(self.env_, self);
}

std::coroutine_handle<> detached_run::run_ended(completion& call, promise_base&) noexcept {
    auto& self = static_cast<detached_run&>(call);
    self.env_.home->post(self);
    return std::noop_coroutine();
}

} // namespace gawait::detail
