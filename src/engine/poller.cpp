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
    for (std::size_t fd = 0; fd < slots_.size(); ++fd) {
        slot& here = slots_[fd];
        here.registered = awaited(here);
        if (here.first)
            control(EPOLL_CTL_ADD, int(fd), here.registered);
    }
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

poller::slot& poller::slot_for(int fd) {
    if (fd < 0)
        throw error::from_errno(EBADF, "watching a file descriptor");
    const auto index = std::size_t(fd);
    if (index >= slots_.size()) {
        // Memory is only for numbers that the kernel gave out.
        if (fcntl(fd, F_GETFD) < 0)
            throw error::from_errno(errno, "watching a file descriptor");
        slots_.resize(std::max(index + 1, slots_.size() * 2));
    }
    return slots_[index];
}

/// Of a descriptor that is registered for the watch's condition, or not at all.
void poller::add(slot& here, fd_watch& watch) {
    if (watched_.size() == watched_.capacity())
        watched_.reserve(watched_.size() * 2 + 1);
    if (!here.registered) {
        const std::uint32_t events = std::uint32_t(watch.condition_) | always;
        if (const int failure = control(EPOLL_CTL_ADD, watch.fd_, events))
            throw error::from_errno(failure, "watching a file descriptor");
        here.registered = events;
        here.file = 0;
    }
    if (watch.file_)
        here.file = watch.file_;
    if (!here.first) {
        here.index = watched_.size();
        watched_.push_back(watch.fd_);
    }
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

/// What the watches of a descriptor wait for.
std::uint32_t poller::awaited(const slot& here) noexcept {
    std::uint32_t events = here.first ? always : 0;
    for (std::size_t index = 0; index < conditions.size(); ++index)
        if (here.waiting[index] > 0)
            events |= std::uint32_t(conditions[index]);
    return events;
}

void poller::unwatch(fd_watch& watch) noexcept {
    if (!watch.watching_)
        return;
    watch.watching_ = false;
    slot& here = slots_[std::size_t(watch.fd_)];
    count(here, watch.condition_, -1u);
    (here.first == &watch ? here.first : watch.previous_->next_) = watch.next_;
    if (here.first)
        (watch.next_ ? watch.next_ : here.first)->previous_ = watch.previous_;
    else
        leave_watched(here);
    std::uint32_t events = awaited(here);
    if (watch.leaves_registered_ && (here.registered & EPOLLIN))
        events |= EPOLLIN | always;
    if (events != here.registered)
        change(watch.fd_, events);
}

bool poller::is_registered(const fd_watch& watch) const noexcept {
    const auto fd = std::size_t(watch.fd_);
    return watch.fd_ >= 0 && fd < slots_.size() && is_of(slots_[fd], watch) &&
           (slots_[fd].registered & EPOLLIN);
}

void poller::clear() noexcept {
    while (!watched_.empty())
        for (fd_watch* each = forget(watched_.back()); each; each = each->next_)
            each->watching_ = false;
}

void poller::leave_watched(const slot& gone) noexcept {
    const int last = watched_.back();
    watched_[gone.index] = last;
    slots_[std::size_t(last)].index = gone.index;
    watched_.pop_back();
}

/// Changes what a descriptor is registered for, to nothing by no events.
///
/// @return an `errno` if it was closed.
int poller::change(int fd, std::uint32_t events) noexcept {
    slot& here = slots_[std::size_t(fd)];
    const int failure = control(events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, fd, events);
    if (!failure || !events)
        here.registered = events;
    if (!here.registered) {
        here.file = 0;
        ++here.generation;
    }
    return failure;
}

fd_watch* poller::forget(int fd) noexcept {
    slot& here = slots_[std::size_t(fd)];
    if (here.first)
        leave_watched(here);
    here.registered = 0;
    here.file = 0;
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
    fruitless_ = found > 0 ? 0 : std::min(fruitless_ + 1, looks_before_notice);
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
