#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/spawn.hpp"

namespace gawait {
namespace detail {

/// Makes the calling thread's main context ready to be run, runs it, and ends what is left.
class GAWAIT_API runner {
public:
    runner();
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;
    ~runner();

    const engine_ref& home() const noexcept { return home_; }

    /// Runs the context until the task is done, and the rest if it is to end. Ctrl-C cancels
    /// the task.
    void run_until_done(spawned_base& awaited);

private:
    ref<GMainContext> context_;
    engine_ref home_;
    bool pushed_ = false;
    bool ends_rest_ = false;
};

} // namespace detail

/// Runs the thread-default main context until a task is done, and gives its result.
///
/// A thread other than the main one that has no thread-default context gets one of its
/// own for the call. May be called from inside another `run()`, whose tasks go on.
///
/// Nothing is left running where nobody else iterates the context: in a context made for
/// the call, and in the default one unless it is iterated already (by a `run()` around this
/// one, by GTK), all other tasks that were spawned on it are cancelled and awaited then, and
/// so is what they spawn meanwhile. A context that the caller pushed keeps its tasks.
///
/// While it runs, Ctrl-C (`SIGINT`), unless the program handles or ignores that itself,
/// cancels the task; once it has begun to end, a second one kills the program as usual. If
/// nobody catches the `cancelled` that comes of the first one, the program says that it was
/// interrupted and ends by the signal, which shells call status 130, instead of aborting.
///
/// @throws whatever ended the task; `cancelled` after Ctrl-C; error if another thread owns
///     the context.
template <awaitable Awaitable> await_result_t<Awaitable> run(Awaitable awaited) {
    using value_type = await_result_t<Awaitable>;
    detail::runner runner;
    const auto spawned =
        std::make_shared<detail::spawned<value_type>>(runner.home(), as_task(std::move(awaited)));
    spawned->begin_soon(spawned);
    runner.run_until_done(*spawned);
    return spawned->take();
}

} // namespace gawait
