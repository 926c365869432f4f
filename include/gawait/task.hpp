#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/outcome.hpp"
#include "gawait/error.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace gawait {

template <class T> class task;

namespace detail {

/// What happens when a coroutine has ended, on the thread where it ended.
class completion {
public:
    /// @return the coroutine to go on with.
    using function = std::coroutine_handle<> (*)(completion&) noexcept;

    explicit completion(function run) noexcept : run_(run) {}

    std::coroutine_handle<> run() noexcept { return run_(*this); }

private:
    function run_;
};

/// Keeps alive what a coroutine needs that has moved to another context: the
/// engines and contexts that it left and went to, and a job to come back with.
struct migration {
    ref<GMainContext> origin;
    engine_ref engine_away;
    ref<GMainContext> context_away;
};

class promise_base {
public:
    promise_base() noexcept = default;
    promise_base(const promise_base&) = delete;
    promise_base& operator=(const promise_base&) = delete;

    environment& env() noexcept { return env_; }
    void on_end(completion& call) noexcept { on_end_ = &call; }
    std::unique_ptr<migration>& migrated() noexcept { return migrated_; }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    class final_awaiter {
    public:
        bool await_ready() const noexcept { return false; }

        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            return ended.promise().on_end_->run();
        }

        void await_resume() const noexcept {}
    };

    final_awaiter final_suspend() const noexcept { return {}; }

protected:
    ~promise_base() = default;

private:
    environment env_;
    completion* on_end_ = nullptr;
    std::unique_ptr<migration> migrated_; // null as long as it stays where it began
};

template <class T> class promise : public promise_base {
public:
    task<T> get_return_object() noexcept;

    template <std::convertible_to<T> U = T> void return_value(U&& value) {
        result_.set(std::forward<U>(value));
    }

    void unhandled_exception() noexcept { result_.fail(std::current_exception()); }

    outcome<T>& result() noexcept { return result_; }

private:
    outcome<T> result_;
};

template <> class promise<void> : public promise_base {
public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { result_.fail(std::current_exception()); }

    outcome<void>& result() noexcept { return result_; }

private:
    outcome<void> result_;
};

/// Owns a coroutine that has not begun or has ended.
template <class T> class coroutine {
public:
    using handle = std::coroutine_handle<detail::promise<T>>;

    coroutine() noexcept = default;
    explicit coroutine(handle owned) noexcept : handle_(owned) {}
    coroutine(coroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    coroutine& operator=(coroutine&& other) noexcept {
        coroutine taken(std::move(other));
        std::swap(handle_, taken.handle_);
        return *this;
    }

    ~coroutine() {
        if (handle_)
            handle_.destroy();
    }

    explicit operator bool() const noexcept { return bool(handle_); }
    detail::promise<T>& promise() const noexcept { return handle_.promise(); }

    /// Runs the coroutine until it first suspends or ends; `call` tells of its end.
    void begin(const environment& env, completion& call) const noexcept {
        promise().env() = env;
        promise().on_end(call);
        handle_.resume();
    }

private:
    handle handle_;
};

} // namespace detail

/// A coroutine that yields a `T`, which may be a value, a reference or void.
///
/// Lazy: it begins when it is awaited, and what awaits it goes on with its result
/// or its exception as soon as it ends, without the main loop in between. It runs on
/// the main context, and under the cancellation, of the coroutine that awaits it.
///
/// Move-only, and awaited once: the await takes the coroutine over. A coroutine that
/// has begun therefore always runs to its end, even if the task object is destroyed;
/// it is ended early by cancelling it. A task destroyed before that destroys the
/// coroutine with its arguments.
template <class T = void> class [[nodiscard]] task {
public:
    using promise_type = detail::promise<T>;
    using value_type = T;

    class [[nodiscard]] awaiter;

    task() noexcept = default;
    task(task&&) noexcept = default;
    task& operator=(task&&) noexcept = default;
    task(const task&) = delete; // gawait: a task is awaited once: hand it over with std::move()
    explicit task(detail::coroutine<T> owned) noexcept : coroutine_(std::move(owned)) {}

    /// Whether there is a coroutine to await: false once awaited or moved from.
    explicit operator bool() const noexcept { return bool(coroutine_); }

    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` out of the await, if the task was
    ///     awaited before or moved from.
    awaiter operator co_await() noexcept { return awaiter(std::move(coroutine_)); }

    /// Takes the coroutine out, to be begun by other means than `co_await`.
    ///
    /// @throws error as `co_await` does.
    detail::coroutine<T> take() {
        if (!coroutine_)
            throw error(G_IO_ERROR_INVALID_ARGUMENT,
                        "gawait::task: awaited a second time, or after it was moved from");
        return std::move(coroutine_);
    }

private:
    detail::coroutine<T> coroutine_;
};

template <class T> class task<T>::awaiter : detail::completion, job {
public:
    explicit awaiter(detail::coroutine<T> awaited) noexcept
        : completion(ended), job(come_back), awaited_(std::move(awaited)) {}

    /// Awaits under a node of its own, below that of the awaiting coroutine or apart.
    awaiter(detail::coroutine<T> awaited, detail::cancellation& cancel) noexcept
        : awaiter(std::move(awaited)) {
        cancel_ = &cancel;
    }

    bool await_ready() const noexcept { return !awaited_; }

    // Not by symmetric transfer, though the way back is: g++ makes that a tail call
    // only when it optimises, so that a loop over tasks that do not suspend would use
    // up the stack in a debug build. Returning false costs no stack, and less time.
    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        awaiting_ = awaiting;
        home_ = awaiting.promise().env().home;
        detail::environment env = awaiting.promise().env();
        if (cancel_)
            env.cancel = cancel_;
        beginning_ = true;
        awaited_.begin(env, *this);
        beginning_ = false;
        return !ended_;
    }

    T await_resume() { return result().take(); }

protected:
    /// @throws error if there was nothing to await.
    detail::outcome<T>& result() {
        if (!awaited_)
            task().take();
        return awaited_.promise().result();
    }

private:
    static std::coroutine_handle<> ended(detail::completion& call) noexcept {
        auto& self = static_cast<awaiter&>(call);
        if (self.awaited_.promise().env().home != self.home_) [[unlikely]] {
            self.home_->post(self); // it ended on another context than it began on
            return std::noop_coroutine();
        }
        if (self.beginning_) {
            self.ended_ = true;
            return std::noop_coroutine();
        }
        return self.awaiting_;
    }

    static void come_back(job& call) noexcept { static_cast<awaiter&>(call).awaiting_.resume(); }

    detail::coroutine<T> awaited_;
    detail::cancellation* cancel_ = nullptr;
    std::coroutine_handle<> awaiting_;
    engine* home_ = nullptr;
    bool beginning_ = false;
    bool ended_ = false;
};

namespace detail {

template <class T> task<T> promise<T>::get_return_object() noexcept {
    return task<T>(coroutine<T>(std::coroutine_handle<promise>::from_promise(*this)));
}

inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(coroutine<void>(std::coroutine_handle<promise>::from_promise(*this)));
}

} // namespace detail

namespace detail {

/// Awaits a task under a node of cancellation of its own, and gives its outcome
/// without throwing it.
template <class T> class [[nodiscard]] outcome_under : task<T>::awaiter {
public:
    outcome_under(cancellation& cancel, task<T> awaited)
        : task<T>::awaiter(awaited.take(), cancel) {}

    using task<T>::awaiter::await_ready;
    using task<T>::awaiter::await_suspend;

    outcome<T> await_resume() { return std::move(this->result()); }
};

} // namespace detail

/// Makes a task of any awaitable, which is moved or copied into it. A task stays
/// what it is.
template <awaitable A> auto as_task(A object) -> task<await_result_t<A>> {
    co_return co_await std::move(object);
}

template <class T> task<T> as_task(task<T> already) noexcept { return already; }

} // namespace gawait
