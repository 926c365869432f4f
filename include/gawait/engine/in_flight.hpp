#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/timer.hpp"

namespace gawait {

class engine;

/// The time of the last tick of the kernel's, some milliseconds ago at most, which costs a fraction
/// of what the time does.
GAWAIT_API clock::time_point coarse_now() noexcept;

/// Something that has begun on a context and has not ended, which an engine lists for whoever
/// debugs. For the thread that iterates the context.
class GAWAIT_API in_flight {
public:
    in_flight(const in_flight&) = delete;

    /// When it was entered, to a few milliseconds.
    clock::time_point since() const noexcept { return since_; }

protected:
    in_flight() noexcept = default;

    /// May be moved until it is entered.
    in_flight(in_flight&& /*not entered*/) noexcept : in_flight() {}
    in_flight& operator=(in_flight&&) = delete;
    ~in_flight() = default;

    void enter(engine& home) noexcept;

    void leave() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
    }

private:
    friend class in_flight_list;

    in_flight* previous_ = nullptr;
    in_flight* next_ = nullptr;
    clock::time_point since_;
};

} // namespace gawait
