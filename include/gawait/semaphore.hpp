#pragma once

#include "gawait/detail/one_context.hpp"
#include "gawait/detail/wait_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gawait {

class semaphore;

/// Holds a permit of a `semaphore` and gives it back at the end of its life.
class [[nodiscard]] semaphore_permit {
public:
    explicit semaphore_permit(semaphore& owner) noexcept : semaphore_(&owner) {}
    semaphore_permit(semaphore_permit&& other) noexcept
        : semaphore_(std::exchange(other.semaphore_, nullptr)) {}

    semaphore_permit& operator=(semaphore_permit other) noexcept {
        std::swap(semaphore_, other.semaphore_);
        return *this;
    }

    ~semaphore_permit();

private:
    semaphore* semaphore_;
};

/// Counts permits, which tasks of one context take and give back. First come first
/// served: nobody overtakes a task that waits.
///
/// Whoever still waits when it is destroyed gets an error, `G_IO_ERROR_CLOSED`. Permits that are
/// held may not outlive it.
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

    protected:
        semaphore& owner() const noexcept { return owner_; }

    private:
        semaphore& owner_;
    };

    class [[nodiscard]] hold_awaiter : acquire_awaiter {
    public:
        using acquire_awaiter::acquire_awaiter;
        using acquire_awaiter::await_ready;
        using acquire_awaiter::await_suspend;

        semaphore_permit await_resume() const {
            acquire_awaiter::await_resume();
            return semaphore_permit(owner());
        }
    };

    explicit semaphore(std::size_t permits) noexcept : permits_(permits) {}

    /// Takes a permit, waiting for it if need be.
    ///
    /// @throws cancelled; no permit was taken then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    acquire_awaiter acquire() noexcept { return acquire_awaiter(*this); }

    /// The same, for as long as what it gives lives: `auto permit = co_await free.hold();`
    hold_awaiter hold() noexcept { return hold_awaiter(*this); }

    /// Takes a permit if there is one to spare.
    bool try_acquire() noexcept {
        if (permits_ == 0 || !waiting_.empty())
            return false;
        --permits_;
        return true;
    }

    /// Gives a permit: to the task that has waited longest, or to spare.
    void release() noexcept {
        if (owed_ > 0)
            --owed_;
        else if (waiting_.empty())
            ++permits_;
        else
            waiting_.release_front();
    }

    /// Takes permits away for good, without waiting: those to spare, and of those that are held the
    /// next ones to be given back. `release()` makes more of them again, so that how many tasks go
    /// on at once may change while they do.
    void reduce(std::size_t permits) noexcept {
        const std::size_t spare = std::min(permits, permits_);
        permits_ -= spare;
        owed_ += permits - spare;
    }

    /// The permits to spare.
    std::size_t available() const noexcept { return permits_; }

private:
    detail::one_context context_;
    detail::wait_queue waiting_;
    std::size_t permits_;
    std::size_t owed_ = 0; // which are not given on when they are given back
};

inline semaphore_permit::~semaphore_permit() {
    if (semaphore_)
        semaphore_->release();
}

} // namespace gawait
