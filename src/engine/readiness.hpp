#pragma once

#include "engine/unique_fd.hpp"

#include <linux/io_uring.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

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
    /// Memory that is shared with the kernel.
    class mapping {
    public:
        mapping() noexcept = default;
        mapping(int fd, std::uint64_t offset, std::size_t size) noexcept;
        mapping(mapping&& other) noexcept
            : begin_(std::exchange(other.begin_, nullptr)), size_(other.size_) {}

        mapping& operator=(mapping other) noexcept {
            std::swap(begin_, other.begin_);
            std::swap(size_, other.size_);
            return *this;
        }

        ~mapping();

        explicit operator bool() const noexcept { return begin_; }

        template <class T> T* at(std::size_t offset) const noexcept {
            return reinterpret_cast<T*>(begin_ + offset);
        }

    private:
        std::byte* begin_ = nullptr;
        std::size_t size_ = 0;
    };

    bool poll_again() noexcept;

    unique_fd ring_;
    io_uring_params layout_{};
    mapping memory_;
    unsigned* flags_ = nullptr; // in the memory; zero: nothing is new
    int polled_ = -1;
    std::uint64_t thread_ = 0;
};

} // namespace gawait
