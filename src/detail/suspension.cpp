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
    if (env.cancel->add(*this, *env.home))
        return true;
    state_ = state::cancelled;
    return false;
}

bool suspension::resume_soon(std::coroutine_handle<> awaiting, environment& env) noexcept {
    awaiting_ = awaiting;
    env_ = &env;
    state_ = state::finished;
    return env.home->post(*this);
}

bool suspension::abandon() noexcept {
    bool free = false;
    env_->cancel->settle(*this, [&](bool linked) {
        free = linked;
        if (!linked)
            state_ = state::finished; // the job that is posted resumes
    });
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
        awaiting_.resume();
}

void suspension::run(job& posted) noexcept {
    auto& self = static_cast<suspension&>(posted);
    bool finished = false;
    self.env_->cancel->settle(self, [&](bool) { finished = self.state_ == state::finished; });
    if (finished)
        self.awaiting_.resume();
    else
        self.be_cancelled();
}

void suspension::be_cancelled() noexcept {
    if (withdraw()) {
        state_ = state::cancelled;
        awaiting_.resume();
        return;
    }
    bool finished = false;
    env_->cancel->settle(*this, [&](bool) {
        finished = state_ == state::finished;
        if (!finished)
            state_ = state::cancel_came_second;
    });
    if (finished)
        awaiting_.resume();
}

} // namespace gawait::detail
