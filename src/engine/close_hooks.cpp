#include "engine/close_hooks.hpp"

namespace gawait {

void close_hooks::add(engine::close_hook& hook) noexcept {
    const std::lock_guard guard(lock_);
    hook.next_ = first_;
    if (first_)
        first_->previous_ = &hook;
    first_ = &hook;
}

void close_hooks::remove(engine::close_hook& hook) noexcept {
    const std::lock_guard guard(lock_);
    if (hook.previous_)
        hook.previous_->next_ = hook.next_;
    else if (first_ == &hook)
        first_ = hook.next_;
    if (hook.next_)
        hook.next_->previous_ = hook.previous_;
    hook.previous_ = hook.next_ = nullptr;
}

void close_hooks::call_all() noexcept {
    const std::lock_guard guard(lock_);
    while (engine::close_hook* hook = first_) {
        remove(*hook);
        hook->run_(*hook);
    }
}

} // namespace gawait
