#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/outcome.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/engine/flight.hpp"
#include "gawait/error.hpp"

#include <atomic>
#include <concepts>
#include <coroutine>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gawait {
namespace detail {

/// Runs something on a thread of GLib's pool and resumes a coroutine afterwards.
class GAWAIT_API thread_call : pending {
public:
    bool await_ready() const noexcept { return false; }

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        const environment& env = awaiting.promise().env();
        again_ = bool(awaiting_);
        if (again_ || env.cancel->requested())
            return false;
        awaiting_ = awaiting;
        submit(*env.home);
        enter(env);
        return true;
    }

protected:
    thread_call() noexcept : pending(in_a_thread) {}
    thread_call(thread_call&& other) noexcept
        // NOLINTNEXTLINE(bugprone-use-after-move): the base alone is moved before
        : pending(std::move(other)), awaiting_(other.awaiting_) {}
    thread_call& operator=(thread_call&&) = delete;
    ~thread_call() = default;

    virtual void call() noexcept = 0;
    bool called() const noexcept { return bool(awaiting_); }

    /// @throws error if this is not the first await, which has moved from the arguments.
    void throw_if_again() const {
        if (again_)
            throw error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::to_thread: awaited a second time");
    }

private:
    static const kind in_a_thread;

    void submit(engine& home) noexcept;

    std::coroutine_handle<> awaiting_;
    bool again_ = false;
    flight in_flight_;
    // GLib's queues order what the threads do; this says so in terms of C++, for tools
    // that do not see into GLib.
    std::atomic<bool> handed_over_{false};
};

} // namespace detail

/// The awaiter of `to_thread()`.
template <class Function, class... Args>
class [[nodiscard]] to_thread_awaiter final : detail::thread_call {
    using value_type = std::invoke_result_t<Function, Args...>;

public:
    explicit to_thread_awaiter(Function function, Args... args)
        : function_(std::move(function)), args_(std::move(args)...) {}

    using thread_call::await_ready;
    using thread_call::await_suspend;

    value_type await_resume() {
        throw_if_again();
        if (!called())
            throw cancelled();
        return outcome_.take();
    }

private:
    void call() noexcept override {
        try {
            if constexpr (std::is_void_v<value_type>)
                std::apply(std::move(function_), std::move(args_));
            else
                outcome_.set(std::apply(std::move(function_), std::move(args_)));
        } catch (...) {
            outcome_.fail(detail::failure::current());
        }
    }

    Function function_;
    std::tuple<Args...> args_;
    detail::outcome<value_type> outcome_;
};

/// Runs a function on a worker thread of GLib's pool, gives what it returns, and goes on
/// where the coroutine was.
///
/// @param function and @param args are moved or copied, as `std::thread` does.
/// @throws whatever the function throws; `cancelled` if the task was cancelled before. A
///     function that runs is not interrupted: the await lasts until it has returned.
template <class Function, class... Args>
    requires std::invocable<std::decay_t<Function>, std::decay_t<Args>...>
auto to_thread(Function&& function, Args&&... args) {
    static_assert(
        !awaitable<std::invoke_result_t<std::decay_t<Function>, std::decay_t<Args>...>>,
        "gawait::to_thread: what this function gives would have to be awaited, and nobody does: "
        "hand over a function that is no coroutine, or await resume_on() in it");
    return to_thread_awaiter<std::decay_t<Function>, std::decay_t<Args>...>(
        std::forward<Function>(function), std::forward<Args>(args)...);
}

} // namespace gawait
