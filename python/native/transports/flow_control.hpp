#pragma once

#include "transports/parties.hpp"

#include <cstddef>

namespace gawait::python {

/// Holds up a protocol that writes faster than the other side reads, as asyncio does: it is told to
/// pause when more than the upper limit of bytes waits to be sent, and to resume when no more than
/// the lower limit does.
class flow_control {
public:
    /// In bytes. Null and None stand for what asyncio derives from the other one.
    ///
    /// @return false with an exception set if these are no limits.
    bool set_limits(PyObject* high, PyObject* low);

    Py_ssize_t high() const noexcept { return high_; }
    Py_ssize_t low() const noexcept { return low_; }

    /// Whether the protocol was told to pause.
    bool paused() const noexcept { return paused_; }

    /// Tells the protocol to pause if what waits, to which something was added, is too much. What
    /// it raises is reported; false with an exception set only if that fails.
    bool pause_above(std::size_t waiting, const parties& concerned) {
        return paused_ || waiting <= static_cast<std::size_t>(high_) || pause(concerned);
    }

    /// Tells the protocol to resume if enough was sent of what waits; as above.
    bool resume_below(std::size_t waiting, const parties& concerned) {
        return !paused_ || waiting > static_cast<std::size_t>(low_) || resume(concerned);
    }

private:
    bool pause(const parties& concerned);
    bool resume(const parties& concerned);

    Py_ssize_t high_ = Py_ssize_t{64} * 1024;
    Py_ssize_t low_ = Py_ssize_t{16} * 1024;
    bool paused_ = false;
};

} // namespace gawait::python
