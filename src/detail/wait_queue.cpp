#include "gawait/detail/wait_queue.hpp"

namespace gawait::detail {

bool queued_wait::withdraw() noexcept {
    if (!queue_)
        return false;
    queue_->remove(*this);
    return true;
}

void wait_queue::release_front() noexcept {
    queued_wait& released = *first_;
    remove(released);
    released.finish_soon();
}

void wait_queue::push(queued_wait& waiting) noexcept {
    waiting.queue_ = this;
    waiting.previous_ = last_;
    (last_ ? last_->next_ : first_) = &waiting;
    last_ = &waiting;
}

void wait_queue::remove(queued_wait& waiting) noexcept {
    waiting.queue_ = nullptr;
    (waiting.previous_ ? waiting.previous_->next_ : first_) = waiting.next_;
    (waiting.next_ ? waiting.next_->previous_ : last_) = waiting.previous_;
}

} // namespace gawait::detail
