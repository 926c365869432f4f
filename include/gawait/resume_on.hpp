#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/task.hpp"

#include <coroutine>
#include <memory>

namespace gawait {

/// The awaiter of `resume_on()`.
class GAWAIT_API [[nodiscard]] resume_on_awaiter : job {
public:
    explicit resume_on_awaiter(GMainContext* context) noexcept
        : job(run), context_(ref<GMainContext>::retain(context)) {}

    bool await_ready() const noexcept { return false; }

    template <class Promise>
        requires std::derived_from<Promise, detail::promise_base>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        awaiting_ = awaiting;
        return move(awaiting.promise());
    }

    void await_resume() const {
        if (env_->cancel->requested())
            throw cancelled();
    }

private:
    bool move(detail::promise_base& promise);
    static void run(job& self) noexcept;

    ref<GMainContext> context_;
    detail::environment* env_ = nullptr;
    detail::migration* migration_ = nullptr; // of the coroutine, once it hops
    std::coroutine_handle<> awaiting_;
};

/// Goes on with the coroutine on another context, on the thread that iterates it, until it
/// hops again or ends. Whoever awaits the coroutine is resumed where it was itself:
///
///     task<int> count(GMainContext* elsewhere) {
///         co_await resume_on(elsewhere);
///         co_return expensive();      // on the other thread
///     }
///     int n = co_await count(worker); // and back
///
/// The other context must be iterated until then, and both are kept alive meanwhile.
/// Objects of this library that belong to a context (`mutex`, `channel`, `scope`, ...) are
/// not to be used on another one.
///
/// @param context null stands for the thread-default context of the await.
/// @throws cancelled, before or after the hop.
/// @throws error if no descriptor is left for the context's engine, or it was destroyed.
inline resume_on_awaiter resume_on(GMainContext* context) noexcept {
    return resume_on_awaiter(context);
}

} // namespace gawait
