#include "gawait/spawn.hpp"

namespace gawait::detail {

spawned_base::spawned_base(engine_ref home) noexcept
    : job(run_begin), completion(run_ended), home_(std::move(home)), root_(*home_) {}

void spawned_base::begin_soon(std::shared_ptr<spawned_base> self) noexcept {
    self_ = std::move(self);
    if (!home_->post(*this))
        finish(); // the context is gone: cancelled before it began
}

void spawned_base::run_begin(job& begin) noexcept {
    auto& self = static_cast<spawned_base&>(begin);
    if (self.root_.requested()) {
        self.finish();
        return;
    }
    self.begun_ = true;
    self.begin_coroutine({self.home_.get(), &self.root_}, self);
}

std::coroutine_handle<> spawned_base::run_ended(completion& ended) noexcept {
    // Not here: the coroutine must not be destroyed from its own last suspension, and it
    // may have ended on another thread.
    auto& self = static_cast<spawned_base&>(ended);
    self.home_->post(self.finish_);
    return std::noop_coroutine();
}

void spawned_base::run_finish(job& finish) noexcept {
    static_cast<finish_job&>(finish).owner.finish();
}

void spawned_base::finish() noexcept {
    const auto keep = std::move(self_);
    {
        const std::lock_guard guard(lock_);
        done_.store(true, std::memory_order_release);
    }
    while (join_wait* waiting = next_waiting())
        waiting->finish_soon();
}

join_wait* spawned_base::next_waiting() noexcept {
    const std::lock_guard guard(lock_);
    join_wait* first = first_;
    if (first)
        first_ = first->next_;
    return first;
}

bool spawned_base::add(join_wait& waiting) noexcept {
    const std::lock_guard guard(lock_);
    if (done())
        return false;
    if (first_)
        last_->next_ = &waiting;
    else
        first_ = &waiting;
    last_ = &waiting;
    return true;
}

bool spawned_base::remove(join_wait& waiting) noexcept {
    const std::lock_guard guard(lock_);
    join_wait* previous = nullptr;
    for (join_wait* each = first_; each; previous = std::exchange(each, each->next_)) {
        if (each != &waiting)
            continue;
        (previous ? previous->next_ : first_) = waiting.next_;
        if (last_ == &waiting)
            last_ = previous;
        return true;
    }
    return false;
}

void spawned_base::mark_taken() {
    if (taken_.exchange(true, std::memory_order_relaxed))
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::join_handle: the task's result was taken before");
}

} // namespace gawait::detail
