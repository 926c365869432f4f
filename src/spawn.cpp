#include "gawait/spawn.hpp"

namespace gawait::detail {

spawned_base::spawned_base(engine_ref home) noexcept : home_(std::move(home)), root_(*home_) {}

spawned_base::~spawned_base() = default;

void spawned_base::begin_soon(std::shared_ptr<spawned_base> self) noexcept {
    self_ = std::move(self);
    if (!detached_run::begin_soon({home_.get(), &root_}))
        end(); // the context is gone: cancelled before it began
}

void spawned_base::end() noexcept {
    const auto keep = std::move(self_);
    keep_outcome();
    root_.leave();
    while (join_wait* waiting = take_done())
        waiting->finish_soon();
}

join_wait* spawned_base::take_done() noexcept {
    const std::lock_guard guard(lock_);
    done_.store(true, std::memory_order_release);
    join_wait* first = first_;
    if (first)
        unlink(*first);
    return first;
}

bool spawned_base::add(join_wait& waiting) noexcept {
    const std::lock_guard guard(lock_);
    if (done())
        return false;
    waiting.linked_ = true;
    waiting.previous_ = last_;
    (last_ ? last_->next_ : first_) = &waiting;
    last_ = &waiting;
    return true;
}

bool spawned_base::remove(join_wait& waiting) noexcept {
    const std::lock_guard guard(lock_);
    const bool linked = waiting.linked_;
    if (linked)
        unlink(waiting);
    return linked;
}

void spawned_base::unlink(join_wait& waiting) noexcept {
    waiting.linked_ = false;
    (waiting.previous_ ? waiting.previous_->next_ : first_) = waiting.next_;
    (waiting.next_ ? waiting.next_->previous_ : last_) = waiting.previous_;
}

void spawned_base::mark_taken() {
    if (taken_.exchange(true, std::memory_order_relaxed))
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::join_handle: the task's result was taken before");
}

} // namespace gawait::detail
