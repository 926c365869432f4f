#include "gawait/resume_on.hpp"

namespace gawait {

bool resume_on_awaiter::move(detail::promise_base& promise) {
    env_ = &promise.env();
    if (env_->cancel->requested())
        return false;
    engine_ref target = engine::get(context_);
    if (target.get() == env_->home)
        return false;
    auto& migration = promise.migrated();
    if (!migration) {
        migration = std::make_unique<detail::migration>();
        migration->origin = ref<GMainContext>::retain(env_->home->context());
    }
    if (env_->home->context() == migration->origin)
        migration->in_flight = flight(*env_->home);
    migration_ = migration.get();
    // Kept until the coroutine hops on or is destroyed; the previous ones may go now.
    migration->context_away = ref<GMainContext>::retain(target->context());
    migration->engine_away = target;
    env_->home = target.get();
    // From here on the other thread may run the coroutine, which owns this object.
    target->post(*this);
    return true;
}

void resume_on_awaiter::run(job& self) noexcept {
    auto& arrived = static_cast<resume_on_awaiter&>(self);
    if (arrived.migration_->context_away == arrived.migration_->origin)
        arrived.migration_->in_flight = flight();
    arrived.awaiting_.resume();
}

} // namespace gawait
