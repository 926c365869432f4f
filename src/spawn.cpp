#include "gawait/spawn.hpp"

namespace gawait::detail {

spawned_base::spawned_base(engine_ref home) noexcept : home_(std::move(home)), root_(*home_) {}

void spawned_base::begin_soon(std::shared_ptr<spawned_base> self) noexcept {
    self_ = std::move(self);
    if (!detached_run::begin_soon({home_.get(), &root_}))
        end(); // the context is gone: cancelled before it began
}

void spawned_base::end() noexcept {
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
