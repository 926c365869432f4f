#include "gawait/detail/suspension.hpp"

namespace gawait::detail {

void suspension::fail_left_behind() {
    throw error(G_IO_ERROR_CLOSED,
                "gawait: what was awaited (a channel, mutex, semaphore, event or the like) was "
                "destroyed meanwhile");
}

bool suspension::begin(std::coroutine_handle<> awaiting, environment& env) noexcept {
    awaiting_ = awaiting;
    env_ = &env;
    if (env.cancel->add(*this, *env.home)) {
        enter(env);
        return true;
    }
    state_ = state::cancelled;
    return false;
}

bool suspension::resume_soon(std::coroutine_handle<> awaiting, environment& env) noexcept {
    awaiting_ = awaiting;
    env_ = &env;
    state_ = state::finished;
    if (!env.home->post(*this))
        return false;
    enter(env);
    return true;
}

void suspension::resume() noexcept {
    leave();
    awaiting_.resume();
}

bool suspension::abandon() noexcept {
    bool free = false;
    env_->cancel->settle(*this, [&](bool linked) {
        free = linked;
        if (!linked)
            state_ = state::finished; // the job that is posted resumes
    });
    if (free)
        leave();
    return free;
}

bool suspension::finish() noexcept {
    bool mine = false;
    env_->cancel->settle(*this, [&](bool linked) {
        mine = linked || state_ == state::cancel_came_second;
        state_ = state::finished;
    });
    // Otherwise the job is posted already; and then *this may be gone by now.
    return mine;
}

void suspension::finish_soon() noexcept {
    if (finish())
        env_->home->post(*this);
}

void suspension::finish_now() noexcept {
    if (finish())
        resume();
}

void suspension::run(job& posted) noexcept {
    auto& self = static_cast<suspension&>(posted);
    bool finished = false;
    self.env_->cancel->settle(self, [&](bool) { finished = self.state_ == state::finished; });
    if (finished)
        self.resume();
    else
        self.be_cancelled();
}

void suspension::be_cancelled() noexcept {
    if (withdraw()) {
        state_ = state::cancelled;
        resume();
        return;
    }
    bool finished = false;
    env_->cancel->settle(*this, [&](bool) {
        finished = state_ == state::finished;
        if (!finished)
            state_ = state::cancel_came_second;
    });
    if (finished)
        resume();
}

} // namespace gawait::detail
