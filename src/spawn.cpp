#include "gawait/spawn.hpp"

namespace gawait::detail {

spawned_base::spawned_base(engine_ref home) noexcept : home_(std::move(home)), root_(*home_) {}

spawned_base::~spawned_base() = default;

void spawned_base::begin_soon(std::shared_ptr<spawned_base> self,
                              std::coroutine_handle<> coroutine) noexcept {
    self_ = std::move(self);
    if (!detached_run::begin_soon({home_.get(), &root_}, coroutine))
        end(); // the context is gone: cancelled before it began
}

void spawned_base::end() noexcept {
    const auto keep = std::move(self_);
    keep_outcome();
    root_.leave();
    waiting_.release_all([this] { done_.store(true, std::memory_order_release); });
}

void spawned_base::mark_taken() {
    if (taken_.exchange(true, std::memory_order_relaxed))
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::join_handle: the task's result was taken before");
}

} // namespace gawait::detail
