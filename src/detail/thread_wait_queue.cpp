#include "gawait/detail/thread_wait_queue.hpp"

namespace gawait::detail {

bool thread_wait::withdraw() noexcept {
    const std::lock_guard guard(queue_->lock_);
    const bool linked = linked_;
    if (linked)
        queue_->remove(*this);
    return linked;
}

void thread_wait_queue::push(thread_wait& waiting) noexcept {
    waiting.linked_ = true;
    waiting.previous_ = last_;
    (last_ ? last_->next_ : first_) = &waiting;
    last_ = &waiting;
}

void thread_wait_queue::remove(thread_wait& waiting) noexcept {
    waiting.linked_ = false;
    (waiting.previous_ ? waiting.previous_->next_ : first_) = waiting.next_;
    (waiting.next_ ? waiting.next_->previous_ : last_) = waiting.previous_;
}

thread_wait* thread_wait_queue::take_all() noexcept {
    for (thread_wait* each = first_; each; each = each->next_)
        each->linked_ = false;
    last_ = nullptr;
    return std::exchange(first_, nullptr);
}

void thread_wait_queue::release_chain(thread_wait* first) noexcept {
    while (first)
        release(*std::exchange(first, first->next_)); // which may be the end of it
}

} // namespace gawait::detail
