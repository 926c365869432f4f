#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/cancellation_root.hpp"
#include "gawait/detail/coroutine.hpp"
#include "gawait/detail/detached_run.hpp"
#include "gawait/detail/kept_call.hpp"
#include "gawait/detail/thread_wait_queue.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/task.hpp"
#include "gawait/unobserved.hpp"

#include <atomic>
#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

namespace gawait {

template <class T> class shared_join_handle;

namespace detail {

/// A task that runs by itself: what it and its handle share.
class GAWAIT_API spawned_base : detached_run {
public:
    explicit spawned_base(engine_ref home) noexcept;
    virtual ~spawned_base();

    void cancel() noexcept { root_.request(); }
    bool done() const noexcept { return done_.load(std::memory_order_acquire); }

    bool runs_on(const engine& home) const noexcept { return home_.get() == &home; }

    /// What waits for the end.
    thread_wait_queue& waiting() noexcept { return waiting_; }

protected:
    void begin_soon(std::shared_ptr<spawned_base> self, std::coroutine_handle<> coroutine) noexcept;

    /// @throws error if the result was taken before.
    void mark_taken();
    void mark_seen() noexcept { taken_.store(true, std::memory_order_relaxed); }
    bool taken() const noexcept { return taken_.load(std::memory_order_relaxed); }
    using detached_run::begun;

private:
    /// Takes the outcome out of the coroutine and destroys that, with its arguments.
    virtual void keep_outcome() noexcept = 0;

    void end() noexcept override;

    engine_ref home_;
    task_root root_;
    std::shared_ptr<spawned_base> self_; // while the task runs
    std::atomic<bool> taken_{false};
    std::atomic<bool> done_{false};
    thread_wait_queue waiting_; // handles may be awaited on other threads
};

template <class T> class spawned final : public spawned_base {
public:
    spawned(engine_ref home, task<T> begins)
        : spawned_base(std::move(home)), coroutine_(begins.take()) {}

    ~spawned() override {
        if (outcome_.failed() && !taken())
            report_unobserved(*outcome_.failed());
    }

    /// Queues the beginning of the task, and keeps this object until it has ended.
    void begin_soon(std::shared_ptr<spawned> self) noexcept {
        spawned_base::begin_soon(std::move(self), coroutine_.get());
    }

    T take() {
        mark_taken();
        return outcome_.take();
    }

    decltype(auto) look() {
        mark_seen();
        return outcome_.look();
    }

private:
    void begin(const environment& env, detail::completion& call) noexcept override {
        run_in(env, coroutine_.get(), call);
    }

    void keep_outcome() noexcept override {
        if (begun())
            outcome_.take_over(coroutine_.result());
        else
            outcome_.fail(failure::by_cancellation());
        coroutine_ = {};
    }

    coroutine<T> coroutine_; // until the end
    outcome<T> outcome_;     // from then on
};

/// Waits for the end of a spawned task.
class GAWAIT_API join_wait : thread_wait {
public:
    explicit join_wait(spawned_base& awaited) noexcept : thread_wait(the_end), awaited_(&awaited) {}

    bool await_ready() const noexcept { return awaited_->done(); }

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        return wait_in(
            awaited_->waiting(), awaiting, [this] { return awaited_->done(); },
            !awaited_->runs_on(*awaiting.promise().env().home));
    }

protected:
    using thread_wait::throw_if_cancelled;
    ~join_wait() = default;

private:
    static constexpr kind the_end{role::wait, "the end of a spawned task"};

    spawned_base* awaited_;
};

} // namespace detail

/// A handle on a task that `spawn()` began. Dropping it detaches the task, which then
/// runs on; an exception that ends it goes to the unobserved exception handler.
///
/// The handle may be used from any thread; what it is awaited in stays on its own.
template <class T> class [[nodiscard]] join_handle {
public:
    class [[nodiscard]] awaiter : detail::join_wait {
    public:
        explicit awaiter(std::shared_ptr<detail::spawned<T>> awaited) noexcept
            : join_wait(*awaited), spawned_(std::move(awaited)) {}

        using join_wait::await_ready;
        using join_wait::await_suspend;

        T await_resume() {
            this->throw_if_cancelled();
            return spawned_->take();
        }

    private:
        std::shared_ptr<detail::spawned<T>> spawned_;
    };

    explicit join_handle(std::shared_ptr<detail::spawned<T>> spawned) noexcept
        : spawned_(std::move(spawned)) {}

    /// Cancels the task; its end can be awaited. Nothing, if the handle was moved from.
    void cancel() const noexcept {
        if (spawned_)
            spawned_->cancel();
    }

    /// Whether the task has ended. A handle that was moved from has none that runs.
    bool done() const noexcept { return !spawned_ || spawned_->done(); }

    /// Waits until the task has ended and gives its result, once. If the awaiting task
    /// is cancelled meanwhile only the wait ends; the spawned task runs on.
    ///
    /// @throws whatever ended the task; `cancelled`; error if the result was taken before, or
    ///     the handle moved from.
    awaiter operator co_await() const { return awaiter(spawned()); }

    /// The result of a task that has ended, once.
    ///
    /// @throws as the await does; error `G_IO_ERROR_PENDING` if the task has not ended.
    T take() const {
        if (!done())
            throw error(G_IO_ERROR_PENDING, "gawait::join_handle: the task has not ended");
        return spawned()->take();
    }

private:
    friend class shared_join_handle<T>;

    const std::shared_ptr<detail::spawned<T>>& spawned() const {
        if (!spawned_)
            throw error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::join_handle: it was moved from");
        return spawned_;
    }

    std::shared_ptr<detail::spawned<T>> spawned_;
};

/// Begins a task that runs by itself, in the next round of a context's engine, as the
/// root of a cancellation tree of its own. From any thread. When the task has ended, its
/// coroutine is destroyed with its arguments, before who awaits the handle goes on.
///
/// @param context null stands for the thread-default one. It is not kept alive: if it is
///     destroyed, the task is cancelled.
/// @throws error if there is no coroutine in `begins`, or no descriptor left for an engine.
template <awaitable Awaitable> auto spawn_on(GMainContext* context, Awaitable begins) {
    using value_type = await_result_t<Awaitable>;
    auto spawned = std::make_shared<detail::spawned<value_type>>(engine::get(context),
                                                                 as_task(std::move(begins)));
    spawned->begin_soon(spawned);
    return join_handle<value_type>(std::move(spawned));
}

/// `spawn_on()` the calling thread's thread-default context.
template <awaitable Awaitable> auto spawn(Awaitable begins) {
    return spawn_on(nullptr, std::move(begins));
}

/// Begins a task that calls a function with arguments and awaits what it gives. Both are
/// moved or copied, as `std::thread` does, and kept until that has ended, so that a lambda
/// that is a coroutine may capture, and take its parameters by reference:
///
///     spawn([client](const std::string& path) -> task<> { ... }, "/etc/motd"s);
template <class Function, class... Args>
    requires detail::starts_awaitable<Function, Args...>
auto spawn_on(GMainContext* context, Function&& function, Args&&... args) {
    return spawn_on(context, detail::kept_call<std::decay_t<Function>, std::decay_t<Args>...>(
                                 std::forward<Function>(function), std::forward<Args>(args)...));
}

/// The same on the calling thread's thread-default context.
template <class Function, class... Args>
    requires detail::starts_awaitable<Function, Args...>
auto spawn(Function&& function, Args&&... args) {
    return spawn_on(nullptr, std::forward<Function>(function), std::forward<Args>(args)...);
}

} // namespace gawait
