#include "gawait/scope.hpp"

#include "gawait/detail/detached_run.hpp"

namespace gawait {
namespace {

/// Whether this thread owns the context, or nobody does.
bool may_use(const engine& home) noexcept {
    if (home.on_owner_thread()) [[likely]]
        return true;
    GMainContext* const context = home.context();
    if (!context)
        return true;
    if (!g_main_context_acquire(context))
        return false;
    g_main_context_release(context);
    return true;
}

} // namespace

/// A task in a scope, from `spawn()` until it was counted out.
class scope::child final : public detail::detached_run {
public:
    child(scope& owner, task<void> begins, const char* called)
        : owner_(owner), coroutine_(begins.take()), called_(called) {}

    void begin_soon() noexcept {
        detail::environment env = owner_.group_.env();
        env.name = called_;
        detached_run::begin_soon(env, coroutine_.get());
    }

private:
    friend class scope;

    void begin(const detail::environment& env, detail::completion& call) noexcept override {
        run_in(env, coroutine_.get(), call);
    }

    void end() noexcept override {
        auto& group = owner_.group_;
        static const auto not_begun = detail::failure::by_cancellation();
        group.note_end(nullptr, begun() ? coroutine_.result().failed() : &not_begun,
                       called_ ? called_ : "a task");
        owner_.remove(*this);
        group.leave().resume();
    }

    scope& owner_;
    detail::coroutine<void> coroutine_;
    const char* const called_;
    child* previous_ = nullptr;
    std::unique_ptr<child> next_;
};

scope::scope(const detail::environment& env) noexcept
    : group_(env, detail::sibling_group::cancel_rest::when_one_fails) {}

scope::~scope() = default;

void scope::spawn(task<void> begins, const char* called) {
    if (!may_use(*group_.env().home))
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::scope: used on another thread than that of the task that opened it");
    auto added = std::make_unique<child>(*this, std::move(begins), called);
    if (first_)
        first_->previous_ = added.get();
    added->next_ = std::move(first_);
    first_ = std::move(added);
    group_.will_begin();
    first_->begin_soon();
}

void scope::remove(child& gone) noexcept {
    auto& owner = gone.previous_ ? gone.previous_->next_ : first_;
    const auto kept = std::move(owner);
    owner = std::move(gone.next_);
    if (owner)
        owner->previous_ = gone.previous_;
}

} // namespace gawait
