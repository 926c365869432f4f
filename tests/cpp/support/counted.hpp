#pragma once

#include <atomic>

namespace gawait::test {

/// An object whose copies are counted as long as they live.
class counted {
public:
    /// @param live must outlive all copies.
    explicit counted(std::atomic<int>& live) noexcept : live_(live) { ++live_; }
    counted(const counted& other) noexcept : counted(other.live_) {}
    counted& operator=(const counted&) = delete;
    ~counted() { --live_; }

private:
    std::atomic<int>& live_;
};

} // namespace gawait::test
