#pragma once

#include "gawait/detail/cancellation.hpp"
#include "gawait/engine/engine.hpp"

#include <concepts>
#include <coroutine>

namespace gawait::detail {

/// What a coroutine inherits from whoever awaits it.
struct environment {
    /// Where the coroutine runs and is resumed.
    engine* home = nullptr;

    /// What cancels it.
    cancellation* cancel = nullptr;

    // For dump_tasks() and debuggers:

    /// That of the coroutine which awaits this one, or of the task.
    const environment* awaiter = nullptr;

    /// The frame of the coroutine.
    const void* frame = nullptr;

    /// What the program calls the coroutine, or null.
    const char* name = nullptr;
};

// The name is what a compiler says in any other coroutine.
template <class Promise>
concept is_of_a_gawait_task_or_async_generator = requires(Promise& promise) {
    { promise.env() } noexcept -> std::same_as<environment&>;
};

/// A promise of a coroutine that gawait's awaitables can be awaited in: those of
/// `task` and of `async_generator`.
template <class Promise>
concept has_environment = is_of_a_gawait_task_or_async_generator<Promise>;

/// An await that gives the coroutine's own environment, without suspending it.
class current_environment {
public:
    bool await_ready() const noexcept { return false; }

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        env_ = &awaiting.promise().env();
        return false;
    }

    environment& await_resume() const noexcept { return *env_; }

private:
    environment* env_ = nullptr;
};

} // namespace gawait::detail
