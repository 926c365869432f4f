#include "gawait/detail/cancellation_root.hpp"

namespace gawait::detail {

cancellation_root::cancellation_root(engine& home) noexcept
    : close_hook(context_gone), home_(home) {
    home_.add(*this);
}

cancellation_root::~cancellation_root() { home_.remove(*this); }

void cancellation_root::context_gone(engine::close_hook& self) noexcept {
    static_cast<cancellation_root&>(self).request();
}

} // namespace gawait::detail
