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
    if (upcoming_ == &hook)
        upcoming_ = hook.next_;
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

bool close_hooks::call(engine::close_hook::function which) noexcept {
    const std::lock_guard guard(lock_);
    bool any = false;
    for (engine::close_hook* each = first_; each; each = upcoming_) {
        upcoming_ = each->next_;
        if (each->run_ != which)
            continue;
        any = true;
        each->run_(*each);
    }
    return any;
}

} // namespace gawait
