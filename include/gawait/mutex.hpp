#pragma once

#include "gawait/semaphore.hpp"

namespace gawait {

/// Holds a `mutex` and unlocks it at the end of its life.
using mutex_lock = semaphore_permit;

/// Lets one task of a context at a time through, in the order in which they came. Held
/// across awaits; not recursive.
///
/// Whoever still waits when it is destroyed gets an error, `G_IO_ERROR_CLOSED`; a lock that is held
/// then unlocks nothing.
class mutex {
public:
    using lock_awaiter = semaphore::hold_awaiter;

    /// Waits for the mutex: `auto lock = co_await m.lock();`
    ///
    /// @throws cancelled; it is not locked then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    lock_awaiter lock() noexcept { return lock_awaiter(permit_, a_mutex); }

    bool locked() const noexcept { return permit_.available() == 0; }

private:
    static constexpr detail::pending::kind a_mutex{detail::pending::role::wait, "a mutex"};

    semaphore permit_{1};
};

} // namespace gawait
