#include "engine/readiness.hpp"

#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>

namespace gawait {
namespace {

constexpr unsigned entries = 4; // one poll, which one call of clear() completes once or twice

/// Those of threads that have ended are used again, and so are not what the kernel knows.
std::uint64_t number_of_this_thread() noexcept {
    static std::atomic<std::uint64_t> threads{0};
    thread_local const std::uint64_t number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
    return number;
}

/// Hands requests to the kernel and lets it complete what is due.
///
/// @return how many it took, or -1.
long enter(int ring, unsigned requests) noexcept {
    return syscall(SYS_io_uring_enter, ring, requests, 0, IORING_ENTER_GETEVENTS, nullptr, 0);
}

} // namespace

readiness::mapping readiness::map(std::uint64_t what, std::size_t size) const noexcept {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        ring_.get(), off_t(what));
    return {memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory), unmapper{size}};
}

bool readiness::start(int fd) noexcept {
    layout_ = {};
    layout_.flags =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    ring_ = unique_fd(int(syscall(SYS_io_uring_setup, entries, &layout_)));
    if (ring_.get() < 0)
        return false;
    // One memory for both queues, since Linux 5.4.
    const auto& requests = layout_.sq_off;
    const auto& completions = layout_.cq_off;
    memory_ = map(IORING_OFF_SQ_RING,
                  std::max(requests.array + layout_.sq_entries * sizeof(unsigned),
                           completions.cqes + layout_.cq_entries * sizeof(io_uring_cqe)));
    polled_ = fd;
    thread_ = number_of_this_thread();
    if (memory_ && poll_again()) {
        flags_ = &in_memory(requests.flags);
        return true;
    }
    stop();
    return false;
}

void readiness::stop() noexcept {
    flags_ = nullptr;
    memory_.reset();
    ring_ = unique_fd();
}

bool readiness::is_ours() const noexcept { return thread_ == number_of_this_thread(); }

bool readiness::poll_again() noexcept {
    const mapping requests = map(IORING_OFF_SQES, layout_.sq_entries * sizeof(io_uring_sqe));
    if (!requests)
        return false;
    auto& tail = in_memory(layout_.sq_off.tail);
    const unsigned index = tail & (layout_.sq_entries - 1);
    io_uring_sqe request{};
    request.opcode = IORING_OP_POLL_ADD;
    request.fd = polled_;
    request.len = IORING_POLL_ADD_MULTI;
    request.poll_events = POLLIN;
    reinterpret_cast<io_uring_sqe*>(requests.get())[index] = request;
    in_memory(layout_.sq_off.array + index * sizeof(unsigned)) = index;
    std::atomic_ref(tail).store(tail + 1, std::memory_order_release);
    return enter(ring_.get(), 1) == 1;
}

void readiness::clear() noexcept {
    const bool good = enter(ring_.get(), 0) >= 0;
    const auto& completions = layout_.cq_off;
    auto& head = in_memory(completions.head);
    const unsigned tail = std::atomic_ref(in_memory(completions.tail)).load();
    bool ended = false;
    unsigned next = head;
    for (; next != tail; ++next) {
        const std::size_t index = next & (layout_.cq_entries - 1);
        const auto& completed =
            in_memory<io_uring_cqe>(completions.cqes + index * sizeof(io_uring_cqe));
        ended |= !(completed.flags & IORING_CQE_F_MORE);
    }
    std::atomic_ref(head).store(next, std::memory_order_release);
    if (!good || (ended && !poll_again()))
        stop();
}

} // namespace gawait
