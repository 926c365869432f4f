#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/flight.hpp"
#include "gawait/engine/now.hpp"

namespace gawait {

/// Virtual time for what runs on a main context, while this lives: sleeps, time-outs and intervals
/// take none of the real one.
///
/// It stands still while the program works, so that each sleep takes exactly its time however slow
/// the machine is. When nothing is left to do, that is where the thread would block, it jumps to
/// the next of what is slept for. Not while something is in flight: then the thread really waits,
/// and meanwhile time goes on as the real one does, so that time-outs of that come as well. In
/// flight are
///
/// - operations of GIO's and calls over D-Bus that are awaited;
/// - `to_thread()`, tasks that were spawned on other contexts and are awaited, coroutines that have
///   gone to one by `resume_on()`, and waits of a `thread_event` or `thread_channel`;
/// - `child_exit()`.
///
/// Not in flight is what may never come, as far as anybody knows: a descriptor that is waited for
/// (what is there is seen before time jumps, what another thread or process will send is not), a
/// signal, a callback of GIO's that the program has not awaited, and GLib's own time-outs, which
/// are real. Say so by `in_flight()`, where it is on its way.
///
/// `gawait::now()` is the time. In the end it goes on as the real one does, from where it is, so
/// that timers keep the time that they have left.
class GAWAIT_API virtual_time {
public:
    /// @param context null stands for the thread-default one.
    /// @throws error `G_IO_ERROR_EXISTS` if it has virtual time already;
    ///     `G_IO_ERROR_INVALID_ARGUMENT` if another thread owns it.
    explicit virtual_time(GMainContext* context = nullptr);
    virtual_time(const virtual_time&) = delete;
    virtual_time& operator=(const virtual_time&) = delete;

    /// In the thread that iterates the context.
    ~virtual_time();

    /// Keeps time from jumping as long as what it gives lives. In the thread that iterates the
    /// context.
    [[nodiscard]] flight in_flight() const noexcept { return flight(*home_); }

private:
    engine_ref home_;
};

} // namespace gawait
