#pragma once

#include "gawait/detail/completion.hpp"
#include "gawait/detail/promise_base.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/engine/job.hpp"

#include <coroutine>

namespace gawait::detail {

/// Runs a coroutine within the await of another one, which goes on as soon as that has
/// ended or, if it is a generator, yielded.
class nested_run : completion, job {
protected:
    nested_run() noexcept : completion(over), job(come_home) {}

    /// May be moved until it runs.
    nested_run(nested_run&&) noexcept = default;
    nested_run& operator=(nested_run&&) = delete;
    ~nested_run() = default;

    /// For `await_suspend()`.
    ///
    /// @param cancel the node that the other one runs under.
    /// @return whether `awaiting` is suspended: not, if the other one is through already.
    //
    // Not by symmetric transfer, though the way back is: g++ makes that a tail call
    // only when it optimises, so that a loop over tasks that do not suspend would use
    // up the stack in a debug build. Returning false costs no stack, and less time.
    template <class Inner, has_environment Promise>
    bool run(cancellation& cancel, std::coroutine_handle<Inner> inner,
             std::coroutine_handle<Promise> awaiting) noexcept {
        const environment& outer = awaiting.promise().env();
        awaiting_ = awaiting;
        home_ = outer.home;
        over_ = false; // of a run before
        entering_ = true;
        run_in({outer.home, &cancel, &outer}, inner, *this);
        entering_ = false;
        return !over_;
    }

    /// For a run that is through at once: as `suspension::give_way()`.
    bool give_way() noexcept { return home_->tick() && home_->post(*this); }

private:
    static std::coroutine_handle<> over(completion& call, promise_base& ended) noexcept {
        auto& self = static_cast<nested_run&>(call);
        if (ended.env().home != self.home_) [[unlikely]] {
            self.home_->post(self); // it is on another context now than it began on
            return std::noop_coroutine();
        }
        if (self.entering_) {
            self.over_ = true;
            return std::noop_coroutine();
        }
        return self.awaiting_;
    }

    static void come_home(job& self) noexcept { static_cast<nested_run&>(self).awaiting_.resume(); }

    std::coroutine_handle<> awaiting_;
    engine* home_ = nullptr;
    bool entering_ = false;
    bool over_ = false;
};

} // namespace gawait::detail
