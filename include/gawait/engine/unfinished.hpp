#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/timer.hpp"

namespace gawait {

class engine;

/// The time of the last tick of the kernel's, some milliseconds ago at most, which costs a fraction
/// of what the time does.
GAWAIT_API clock::time_point coarse_now() noexcept;

/// The time, for what begins and may be told of: `coarse_now()`, and while sysprof records, exact.
GAWAIT_API clock::time_point beginning_now() noexcept;

/// Something that has begun on a context and has not ended, which an engine lists for whoever
/// debugs. For the thread that iterates the context.
class GAWAIT_API unfinished {
public:
    unfinished(const unfinished&) = delete;

    /// When it was entered, to a few milliseconds.
    clock::time_point since() const noexcept { return since_; }

protected:
    unfinished() noexcept = default;

    /// May be moved until it is entered.
    unfinished(unfinished&& /*not entered*/) noexcept : unfinished() {}
    unfinished& operator=(unfinished&&) = delete;
    ~unfinished() = default;

    void enter(engine& home) noexcept;

    void leave() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
    }

private:
    friend class unfinished_list;

    unfinished* previous_ = nullptr;
    unfinished* next_ = nullptr;
    clock::time_point since_;
};

} // namespace gawait
