#pragma once

#include "gawait/detail/one_context.hpp"
#include "gawait/detail/wait_queue.hpp"

#include <cstddef>

namespace gawait {

/// Counts permits, which tasks of one context take and give back. First come first
/// served: nobody overtakes a task that waits.
class semaphore {
public:
    class [[nodiscard]] acquire_awaiter : detail::queued_wait {
    public:
        explicit acquire_awaiter(semaphore& owner) noexcept : owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            if (env.cancel->requested() || !owner_.try_acquire())
                return wait_in(owner_.waiting_, awaiting);
            return give_way(awaiting);
        }

        void await_resume() const { throw_if_cancelled(); }

    private:
        semaphore& owner_;
    };

    explicit semaphore(std::size_t permits) noexcept : permits_(permits) {}

    /// Takes a permit, waiting for it if need be.
    ///
    /// @throws cancelled; no permit was taken then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }

    /// Takes a permit if there is one to spare.
    bool try_acquire() noexcept {
        if (permits_ == 0 || !waiting_.empty())
            return false;
        --permits_;
        return true;
    }

    /// Gives a permit: to the task that has waited longest, or to spare.
    void release() noexcept {
        if (waiting_.empty())
            ++permits_;
        else
            waiting_.release_front();
    }

    /// The permits to spare.
    std::size_t available() const noexcept { return permits_; }

private:
    detail::one_context context_;
    detail::wait_queue waiting_;
    std::size_t permits_;
};

} // namespace gawait
