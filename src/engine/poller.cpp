#include "engine/poller.hpp"

#include "gawait/error.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace gawait {
namespace {

unique_fd checked(int fd, const char* doing) {
    if (fd < 0)
        throw error::from_errno(errno, doing);
    return unique_fd(fd);
}

/// Puts `fresh` in the place of `old` under the old one's number, by which GLib
/// polls it.
void replace(unique_fd& old, int fresh) noexcept {
    if (fresh < 0 || dup3(fresh, old.get(), O_CLOEXEC) < 0)
        g_error("gawait: cannot go on after fork(): %s", g_strerror(errno));
    ::close(fresh);
}

} // namespace

void poller::count_forks() {
    [[maybe_unused]] static const int registered = pthread_atfork(
        nullptr, nullptr, [] { forks_of_process.fetch_add(1, std::memory_order_relaxed); });
}

poller::poller() : forks_((count_forks(), forks_of_process.load(std::memory_order_relaxed))) {
    epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "creating an epoll instance");
    timer_ =
        checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "creating a timer");
    wakeup_ = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "creating an event descriptor");
    open();
}

void poller::open() {
    // Edge-triggered: each expiry and each write is reported once, and neither
    // descriptor ever has to be read.
    for (const auto& [own, tag] :
         {std::pair(timer_.get(), timer_tag), std::pair(wakeup_.get(), wakeup_tag)}) {
        epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = std::uint32_t(tag)}};
        if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, own, &event) < 0)
            throw error::from_errno(errno, "watching the engine's own descriptors");
    }
}

void poller::reopen_after_fork() noexcept {
    forks_ = forks_of_process.load(std::memory_order_relaxed);
    forget_notice();
    replace(epoll_, epoll_create1(EPOLL_CLOEXEC));
    replace(timer_, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    // Readable at once: another thread may just have written to the parent's.
    replace(wakeup_, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    watch_all_again();
    armed_ = clock::time_point::max();
}

void poller::watch_all_again() noexcept {
    open();
    for (const int fd : watched_)
        control(EPOLL_CTL_ADD, fd, slots_[std::size_t(fd)].registered);
}

// A file that was closed under its watches cannot be taken out of the set, and goes on
// reporting for as long as a copy of its descriptor is open, be it in another process.
void poller::start_over() noexcept {
    const int fresh = epoll_create1(EPOLL_CLOEXEC);
    if (fresh < 0)
        return; // it reports again, and then there may be room
    haunted_ = false;
    forget_notice();
    replace(epoll_, fresh);
    watch_all_again();
}

void poller::wake() noexcept {
    // Can fail only when the counter is full, and then the descriptor is readable.
    eventfd_write(wakeup_.get(), 1);
}

void poller::arm(clock::time_point deadline) noexcept {
    if (forks_ != forks_of_process.load(std::memory_order_relaxed)) [[unlikely]]
        reopen_after_fork();
    if (deadline >= armed_)
        return;
    armed_ = deadline;
    // Zero would disarm it.
    const auto since_boot =
        std::max(deadline.time_since_epoch(), clock::duration(std::chrono::nanoseconds(1)));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec spec{};
    spec.it_value.tv_sec = seconds.count();
    spec.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void poller::add(fd_watch& watch) {
    if (watch.fd_ < 0)
        throw error::from_errno(EBADF, "watching a file descriptor");
    const auto fd = std::size_t(watch.fd_);
    if (fd >= slots_.size()) {
        // Memory is only for numbers that the kernel gave out.
        if (fcntl(watch.fd_, F_GETFD) < 0)
            throw error::from_errno(errno, "watching a file descriptor");
        slots_.resize(std::max(fd + 1, slots_.size() * 2));
    }
    slot& here = slots_[fd];
    const std::uint32_t events = here.registered | std::uint32_t(watch.condition_);
    int failure = 0;
    if (!here.first) {
        watched_.reserve(watched_.size() + 1);
        failure = control(EPOLL_CTL_ADD, watch.fd_, events);
    } else if (events != here.registered) {
        failure = control(EPOLL_CTL_MOD, watch.fd_, events);
    }
    if (failure)
        throw error::from_errno(failure, "watching a file descriptor");
    if (!here.first) {
        here.index = watched_.size();
        watched_.push_back(watch.fd_);
    }
    here.registered = events;
    count(here, watch.condition_, 1);
    watch.next_ = nullptr;
    watch.previous_ = here.first ? here.first->previous_ : &watch;
    (here.first ? watch.previous_->next_ : here.first) = &watch;
    here.first->previous_ = &watch;
    watch.watching_ = true;
}

void poller::count(slot& here, GIOCondition condition, std::uint32_t change) noexcept {
    for (std::size_t index = 0; index < conditions.size(); ++index)
        if (condition & conditions[index])
            here.waiting[index] += change;
}

void poller::unwatch(fd_watch& watch) noexcept {
    if (!watch.watching_)
        return;
    watch.watching_ = false;
    slot& here = slots_[std::size_t(watch.fd_)];
    count(here, watch.condition_, -1u);
    (here.first == &watch ? here.first : watch.previous_->next_) = watch.next_;
    if (!here.first) {
        control(EPOLL_CTL_DEL, watch.fd_, 0);
        forget(watch.fd_);
        return;
    }
    (watch.next_ ? watch.next_ : here.first)->previous_ = watch.previous_;
    std::uint32_t events = 0;
    for (std::size_t index = 0; index < conditions.size(); ++index)
        if (here.waiting[index] > 0)
            events |= std::uint32_t(conditions[index]);
    if (events != here.registered) {
        here.registered = events;
        control(EPOLL_CTL_MOD, watch.fd_, events);
    }
}

void poller::clear() noexcept {
    while (!watched_.empty())
        for (fd_watch* each = forget(watched_.back()); each; each = each->next_)
            each->watching_ = false;
}

bool poller::is_watched(int fd) const noexcept {
    return fd >= 0 && std::size_t(fd) < slots_.size() && slots_[std::size_t(fd)].first;
}

bool poller::is_closed(int fd) noexcept {
    return control(EPOLL_CTL_MOD, fd, slots_[std::size_t(fd)].registered) != 0;
}

fd_watch* poller::forget(int fd) noexcept {
    slot& here = slots_[std::size_t(fd)];
    const int last = watched_.back();
    watched_[here.index] = last;
    slots_[std::size_t(last)].index = here.index;
    watched_.pop_back();
    here.registered = 0;
    here.waiting = {};
    ++here.generation;
    return std::exchange(here.first, nullptr);
}

std::size_t poller::collect() noexcept {
    if (forks_ != forks_of_process.load(std::memory_order_relaxed)) [[unlikely]]
        reopen_after_fork();
    const bool told = listen();
    const int found = epoll_wait(epoll_.get(), events_.data(), int(events_.size()), 0);
    // What stays ready is not told again, so after a look that found something comes another.
    quiet_ = told && found == 0;
    busy_ |= found > 0;
    fruitless_ = found > 0 ? 0 : fruitless_ + 1;
    return std::size_t(std::max(found, 0));
}

/// Whether the notice tells of all that becomes ready from now on.
bool poller::listen() noexcept {
    if (notice_.running()) {
        if (notice_.raised() && fruitless_ >= looks_before_clear)
            notice_.clear();
    } else if (fruitless_ >= looks_before_notice && !no_notice_) {
        no_notice_ = !notice_.start(epoll_.get());
    }
    return notice_.running() && !notice_.raised();
}

void poller::forget_notice() noexcept {
    notice_.stop();
    quiet_ = no_notice_ = false;
}

std::uint64_t poller::tag(int fd) const noexcept {
    return std::uint64_t(slots_[std::size_t(fd)].generation) << 32 | std::uint32_t(fd);
}

int poller::control(int operation, int fd, std::uint32_t events) noexcept {
    if (forks_ != forks_of_process.load(std::memory_order_relaxed)) [[unlikely]]
        reopen_after_fork();
    epoll_event event{.events = events, .data = {.u64 = tag(fd)}};
    if (epoll_ctl(epoll_.get(), operation, fd, &event) == 0)
        return 0;
    if (operation == EPOLL_CTL_ADD && errno == EEXIST)
        return control(EPOLL_CTL_MOD, fd, events);
    return errno;
}

} // namespace gawait
