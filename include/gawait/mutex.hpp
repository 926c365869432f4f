#pragma once

#include "gawait/semaphore.hpp"

#include <utility>

namespace gawait {

class mutex;

/// Holds a `mutex` and unlocks it at the end of its life.
class [[nodiscard]] mutex_lock {
public:
    explicit mutex_lock(mutex& locked) noexcept : mutex_(&locked) {}
    mutex_lock(mutex_lock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}

    mutex_lock& operator=(mutex_lock other) noexcept {
        std::swap(mutex_, other.mutex_);
        return *this;
    }

    ~mutex_lock();

private:
    mutex* mutex_;
};

/// Lets one task of a context at a time through, in the order in which they came. Held
/// across awaits; not recursive.
class mutex {
public:
    class [[nodiscard]] lock_awaiter : semaphore::acquire_awaiter {
    public:
        explicit lock_awaiter(mutex& owner) noexcept
            : acquire_awaiter(owner.permit_), owner_(owner) {}
        using acquire_awaiter::await_ready;
        using acquire_awaiter::await_suspend;

        mutex_lock await_resume() const {
            acquire_awaiter::await_resume();
            return mutex_lock(owner_);
        }

    private:
        mutex& owner_;
    };

    /// Waits for the mutex: `auto lock = co_await m.lock();`
    ///
    /// @throws cancelled; it is not locked then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    lock_awaiter lock() noexcept { return lock_awaiter(*this); }

    bool locked() const noexcept { return permit_.available() == 0; }

private:
    friend class mutex_lock;

    semaphore permit_{1};
};

inline mutex_lock::~mutex_lock() {
    if (mutex_)
        mutex_->permit_.release();
}

} // namespace gawait
