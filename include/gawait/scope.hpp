#pragma once

#include "gawait/detail/kept_call.hpp"
#include "gawait/detail/siblings.hpp"

#include <concepts>
#include <memory>
#include <utility>

namespace gawait {

/// Where tasks run beside the one that opened the scope, and not beyond its end. Made by
/// `with_scope()`; used on the thread of the task that did.
class GAWAIT_API scope {
public:
    /// @param env of the coroutine that opens it.
    explicit scope(const detail::environment& env) noexcept;
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ~scope();

    /// Begins a task in the next round. Nothing begins in a scope that was cancelled.
    ///
    /// @param called what the default handler of unobserved exceptions and `dump_tasks()` call it;
    ///     not copied. Null stands for "a task".
    /// @throws error if there is no coroutine in `begins`, or on another thread.
    void spawn(task<void> begins, const char* called = nullptr);

    /// The same for any awaitable without a value.
    template <awaitable Awaitable>
        requires std::is_void_v<await_result_t<Awaitable>>
    void spawn(Awaitable begins) {
        spawn(as_task(std::move(begins)));
    }

    /// Calls a function with arguments, in the next round, and awaits what it gives. Both are
    /// moved or copied, as `std::thread` does, and kept until that has ended: a lambda that
    /// is a coroutine may capture.
    template <class Function, class... Args>
        requires detail::starts_awaitable<Function, Args...>
    void spawn(Function&& function, Args&&... args) {
        spawn(as_task(detail::kept_call<std::decay_t<Function>, std::decay_t<Args>...>(
            std::forward<Function>(function), std::forward<Args>(args)...)));
    }

    /// Refused: a scope waits for the end of its tasks, and drops no values.
    template <awaitable Awaitable>
        requires(!std::is_void_v<await_result_t<Awaitable>>)
    void spawn(Awaitable /*begins*/) {
        static_assert(!std::same_as<Awaitable, Awaitable>,
                      "gawait::scope: nobody would get the value of this task: use when_all(), or "
                      "spawn a coroutine that returns task<> and puts the value where it belongs");
    }

    /// Cancels every task in the scope, and what the scope's own body awaits from now on.
    void cancel() noexcept { group_.cancel().request(); }

    /// For `with_scope()`.
    detail::sibling_group& group() noexcept { return group_; }

private:
    class child;

    void remove(child& gone) noexcept;

    detail::sibling_group group_;
    std::unique_ptr<child> first_;
};

namespace detail {

template <class T> constexpr bool is_task = false;
template <class T> constexpr bool is_task<task<T>> = true;

/// Makes what the body throws before it gives a task the failure of a task.
template <class Body, class T> task<T> body_of(Body& body, scope& children) {
    co_return co_await body(children);
}

template <class Body, class T> task<T> with_scope(Body body) {
    const environment& env = co_await current_environment();
    scope children(env);
    sibling_group& group = children.group();
    outcome<T> ended = co_await outcome_under<T>(group.cancel(), body_of<Body, T>(body, children));
    if (ended.failed())
        group.note_end(nullptr, ended.failed());
    co_await group.join();
    group.rethrow_failure();
    if (group.cut_short() && env.cancel->requested())
        throw cancelled();
    co_return ended.take();
}

} // namespace detail

/// Runs `body(scope&)`, a coroutine that may spawn tasks into the scope, and waits for
/// all of them. Gives what the body gives.
///
/// When a task or the body fails, the others are cancelled; all have ended before the
/// await does. Tasks of the scope are cancelled with the one that opened it.
///
///     co_await with_scope([&](scope& children) -> task<> {
///         for (auto& file : files)
///             children.spawn(index(file));
///         co_return;
///     });
///
/// @throws the first failure; `cancelled`, also when a cancellation of the awaiting task
///     ended only tasks of the scope early. Failures after the first go to the unobserved
///     exception handler.
template <std::invocable<scope&> Body> auto with_scope(Body body) {
    using returned = std::invoke_result_t<Body&, scope&>;
    static_assert(detail::is_task<returned>,
                  "gawait::with_scope: the body must be a coroutine that returns a task: "
                  "[&](gawait::scope& children) -> gawait::task<> { ... }");
    if constexpr (detail::is_task<returned>)
        return detail::with_scope<Body, typename returned::value_type>(std::move(body));
}

} // namespace gawait
