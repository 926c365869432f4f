#include "gawait/detail/detached_run.hpp"

namespace gawait::detail {

const pending::kind detached_run::a_task{role::task, "a task"};

bool detached_run::begin_soon(const environment& env, std::coroutine_handle<> coroutine) noexcept {
    env_ = {env.home, env.cancel, env.awaiter, coroutine.address(), env.name};
    return env_.home->post(*this);
}

void detached_run::run(job& posted) noexcept {
    auto& self = static_cast<detached_run&>(posted);
    if (self.begun_) {
        self.leave();
        self.end();
    } else if (self.env_.cancel->requested()) {
        self.end();
    } else {
        self.begun_ = true;
        self.enter(self.env_);
        self.begin({self.env_.home, self.env_.cancel, &self.env_}, self);
    }
}

std::coroutine_handle<> detached_run::run_ended(completion& call, promise_base&) noexcept {
    auto& self = static_cast<detached_run&>(call);
    self.env_.home->post(self);
    return std::noop_coroutine();
}

} // namespace gawait::detail
