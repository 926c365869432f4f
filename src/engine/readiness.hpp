#pragma once

#include "engine/unique_fd.hpp"

#include <linux/io_uring.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gawait {

/// Tells, by a load from memory, whether a descriptor may have become readable: an io_uring
/// polls it. Where there is no io_uring, as in many containers, nothing is told.
///
/// The kernel sets a flag in the ring's memory and does nothing else
/// (`IORING_SETUP_DEFER_TASKRUN`, Linux 6.1): no call in which the thread blocks ends with `EINTR`,
/// except for one after `stop()`. The flag stays set until `clear()`, so what nobody asks for
/// costs nothing. Belongs to the thread that started it.
class readiness {
public:
    /// Begins to tell about a descriptor.
    ///
    /// @return false if the kernel does not let us.
    bool start(int fd) noexcept;

    void stop() noexcept;

    bool running() const noexcept { return flags_ != nullptr; }

    /// Whether the calling thread started it.
    bool is_ours() const noexcept;

    /// Whether the descriptor may have become readable since `clear()`; false if not running.
    bool raised() const noexcept {
        return flags_ && std::atomic_ref(*flags_).load(std::memory_order_acquire) != 0;
    }

    /// What becomes ready from now on is told. A system call. Stops if that fails.
    void clear() noexcept;

private:
    struct unmapper {
        std::size_t size;
        void operator()(std::byte* begin) const noexcept { munmap(begin, size); }
    };
    /// Memory that is shared with the kernel.
    using mapping = std::unique_ptr<std::byte, unmapper>;

    mapping map(std::uint64_t what, std::size_t size) const noexcept;

    template <class T = unsigned> T& in_memory(std::size_t offset) const noexcept {
        return *reinterpret_cast<T*>(memory_.get() + offset);
    }

    bool poll_again() noexcept;

    unique_fd ring_;
    io_uring_params layout_{};
    mapping memory_;
    unsigned* flags_ = nullptr; // in the memory; zero: nothing is new
    int polled_ = -1;
    std::uint64_t thread_ = 0;
};

} // namespace gawait
