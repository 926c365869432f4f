#pragma once

#include "gawait/detail/completion.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/migration.hpp"

#include <coroutine>
#include <memory>

namespace gawait::detail {

/// What the promises of all coroutines share that can be awaited.
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
            promise_base& promise = ended.promise();
            return promise.on_end_->run(promise);
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

/// Runs a coroutine from where it is until it suspends; `call` tells when it has ended, or
/// yielded.
///
/// @param env what it inherits, and `awaiter`.
template <class Promise>
void run_in(const environment& env, std::coroutine_handle<Promise> coroutine,
            completion& call) noexcept {
    coroutine.promise().env() = {env.home, env.cancel, env.awaiter, coroutine.address()};
    coroutine.promise().on_end(call);
    coroutine.resume();
}

} // namespace gawait::detail
