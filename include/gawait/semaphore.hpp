#pragma once

#include "gawait/detail/lifetime.hpp"
#include "gawait/detail/one_context.hpp"
#include "gawait/detail/wait_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gawait {

class semaphore;

/// Holds a permit of a `semaphore` and gives it back at the end of its life. One that outlives the
/// semaphore holds nothing.
class [[nodiscard]] semaphore_permit {
public:
    /// Takes over a permit that was acquired.
    explicit semaphore_permit(semaphore& owner) noexcept;

    semaphore_permit(semaphore_permit&&) noexcept = default;

    semaphore_permit& operator=(semaphore_permit&& other) noexcept {
        if (this != &other) {
            give_back();
            semaphore_ = other.semaphore_;
            life_ = std::move(other.life_);
        }
        return *this;
    }

    ~semaphore_permit() { give_back(); }

private:
    inline void give_back() noexcept;

    semaphore* semaphore_;
    detail::lifetime_watch life_; // the semaphore's, while there is a permit
};

/// Counts permits, which tasks of one context take and give back. First come first
/// served: nobody overtakes a task that waits.
///
/// Whoever still waits when it is destroyed gets an error, `G_IO_ERROR_CLOSED`; permits that are
/// held then are given back to nobody.
class semaphore {
public:
    class [[nodiscard]] acquire_awaiter : detail::queued_wait {
    public:
        explicit acquire_awaiter(semaphore& owner, const kind& of = a_permit) noexcept
            : queued_wait(of), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            if (env.cancel->requested() || !owner_.try_acquire()) {
                waits_ = wait_in(owner_.waiting_, awaiting);
            } else {
                waits_ = give_way(awaiting);
                if (waits_)
                    be_given();
            }
            return waits_;
        }

        void await_resume() {
            if (waits_ && !given_by_.alive())
                be_left_behind();
            throw_if_cancelled();
        }

    protected:
        semaphore& owner() const noexcept { return owner_; }

    private:
        friend class semaphore;

        static constexpr kind a_permit{role::wait, "a permit of a semaphore"};

        void be_given() noexcept { given_by_ = detail::lifetime_watch(owner_.life_); }

        semaphore& owner_;
        detail::lifetime_watch given_by_; // until the task goes on: it may be gone by then
        bool waits_ = false;
    };

    class [[nodiscard]] hold_awaiter : acquire_awaiter {
    public:
        using acquire_awaiter::acquire_awaiter;
        using acquire_awaiter::await_ready;
        using acquire_awaiter::await_suspend;

        semaphore_permit await_resume() {
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
        if (owed_ > 0) {
            --owed_;
        } else if (waiting_.empty()) {
            ++permits_;
        } else {
            static_cast<acquire_awaiter*>(waiting_.front())->be_given();
            waiting_.release_front();
        }
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
    friend class semaphore_permit;

    detail::one_context context_;
    detail::wait_queue waiting_;
    detail::lifetime life_;
    std::size_t permits_;
    std::size_t owed_ = 0; // which are not given on when they are given back
};

inline semaphore_permit::semaphore_permit(semaphore& owner) noexcept
    : semaphore_(&owner), life_(owner.life_) {}

void semaphore_permit::give_back() noexcept {
    if (!life_.alive())
        return;
    life_.forget();
    semaphore_->release();
}

} // namespace gawait
