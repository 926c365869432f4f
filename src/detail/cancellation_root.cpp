#include "gawait/detail/cancellation_root.hpp"

namespace gawait::detail {

cancellation_root::cancellation_root(engine& home, function told) noexcept
    : close_hook(told), home_(&home) {
    home_->add(*this);
}

cancellation_root::~cancellation_root() { leave(); }

void cancellation_root::leave() noexcept {
    if (home_)
        home_->remove(*this);
    home_ = nullptr;
}

void cancellation_root::context_gone(engine::close_hook& self) noexcept {
    static_cast<cancellation_root&>(self).request();
}

void task_root::told(engine::close_hook& self) noexcept {
    auto& root = static_cast<task_root&>(self);
    if (!root.requested()) // it may be told any number of times
        root.request();
}

} // namespace gawait::detail
