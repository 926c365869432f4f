#include "gawait/scope.hpp"

namespace gawait {

/// A task in a scope, from `spawn()` until it was counted out.
class scope::child : detail::completion, job {
public:
    child(scope& owner, task<void> begins)
        : completion(ended), job(run), owner_(owner), coroutine_(begins.take()) {}

    void begin_soon() noexcept { owner_.home().post(*this); }

    std::list<child>::iterator position;

private:
    // The job is posted twice: to begin, and to end, since a coroutine must not be
    // destroyed from its own last suspension and may have ended on another thread.
    static void run(job& posted) noexcept {
        auto& self = static_cast<child&>(posted);
        if (self.begun_ || self.owner_.group_.cancel().requested()) {
            self.finish();
            return;
        }
        self.begun_ = true;
        self.coroutine_.begin(self.owner_.group_.env(), self);
    }

    static std::coroutine_handle<> ended(detail::completion& call) noexcept {
        auto& self = static_cast<child&>(call);
        self.owner_.home().post(self);
        return std::noop_coroutine();
    }

    void finish() noexcept {
        auto& group = owner_.group_;
        group.note_end(nullptr, begun_ ? coroutine_.promise().result().exception()
                                       : std::make_exception_ptr(cancelled()));
        owner_.children_.erase(position);
        group.leave().resume();
    }

    scope& owner_;
    detail::coroutine<void> coroutine_;
    bool begun_ = false;
};

scope::scope(const detail::environment& env) noexcept
    : group_(env, detail::sibling_group::cancel_rest::when_one_fails) {}

scope::~scope() = default;

void scope::spawn(task<void> begins) {
    children_.emplace_front(*this, std::move(begins));
    children_.front().position = children_.begin();
    group_.will_begin();
    children_.front().begin_soon();
}

engine& scope::home() const noexcept { return *group_.env().home; }

} // namespace gawait
