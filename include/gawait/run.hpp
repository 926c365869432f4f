#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/spawn.hpp"

namespace gawait {
namespace detail {

/// Makes the calling thread's main context ready to be run, and runs it.
class GAWAIT_API runner {
public:
    runner();
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;
    ~runner();

    GMainContext* context() const noexcept { return context_.get(); }

    /// Runs the context until the task is done. Ctrl-C cancels it.
    void run_until_done(spawned_base& awaited);

private:
    ref<GMainContext> context_;
    bool pushed_ = false;
};

} // namespace detail

/// Runs the thread-default main context until a task is done, and gives its result.
///
/// A thread other than the main one that has no thread-default context gets one of its
/// own for the call. May be called from inside another `run()`, whose tasks go on.
///
/// While it runs, Ctrl-C (`SIGINT`), unless the program handles or ignores that itself,
/// cancels the task; once it has begun to end, a second one kills the program as usual.
///
/// @throws whatever ended the task; `cancelled` after Ctrl-C; error if another thread owns
///     the context.
template <awaitable Awaitable> await_result_t<Awaitable> run(Awaitable awaited) {
    using value_type = await_result_t<Awaitable>;
    detail::runner runner;
    const auto spawned = std::make_shared<detail::spawned<value_type>>(
        engine::get(runner.context()), as_task(std::move(awaited)));
    spawned->begin_soon(spawned);
    runner.run_until_done(*spawned);
    return spawned->take();
}

} // namespace gawait
