#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/thread_wait_queue.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace gawait {

/// Hands values from any thread to tasks, in order. Holds up to `capacity` of them.
///
/// A `channel` is for tasks of one context, where who sends can wait for room: of that, a thread
/// which is not to stand still knows nothing.
template <class T> class thread_channel {
public:
    class [[nodiscard]] receive_awaiter : detail::thread_wait {
    public:
        explicit receive_awaiter(thread_channel& owner) noexcept
            : thread_wait(a_value), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            return wait_in(owner_.receivers_, awaiting,
                           [this] { return owner_.take(value_) || owner_.closed_; });
        }

        std::optional<T> await_resume() {
            throw_if_cancelled();
            return std::move(value_);
        }

    private:
        friend class thread_channel;

        static constexpr kind a_value{role::wait, "a value from any thread"};

        thread_channel& owner_;
        std::optional<T> value_;
    };

    explicit thread_channel(std::size_t capacity) : capacity_(capacity) {}
    thread_channel(const thread_channel&) = delete;
    thread_channel& operator=(const thread_channel&) = delete;

    /// Sends a value, if nobody has to wait for that. From any thread.
    ///
    /// @param value moved from only if it is sent.
    /// @return false if the channel is full, or closed.
    bool try_send(T&& value) { return send(std::move(value), false); }
    bool try_send(const T& value) { return try_send(T(value)); }

    /// Sends a value, for which the oldest one goes if the channel is full; nothing if it is
    /// closed. From any thread.
    ///
    /// @return false if one went.
    bool send_newest(T value) { return send(std::move(value), true); }

    /// Receives the next value, waiting for it; nothing once the channel is closed and empty. In
    /// tasks of any context. Who still waits when the channel is destroyed gets an error,
    /// `G_IO_ERROR_CLOSED`, if that is in the same thread; of other threads none may.
    ///
    /// @throws cancelled; no value was taken then.
    /// @throws what moving the value throws.
    receive_awaiter receive() noexcept { return receive_awaiter(*this); }

    /// Lets nothing more in. What was sent can still be received; receivers that wait get
    /// nothing. From any thread; closing twice does no harm.
    void close() {
        receivers_.release_all([this] { closed_ = true; });
    }

    /// How many values went for newer ones. From any thread.
    std::size_t dropped() {
        const std::lock_guard guard(receivers_.lock());
        return dropped_;
    }

    /// How many values wait to be received. From any thread.
    std::size_t size() {
        const std::lock_guard guard(receivers_.lock());
        return values_.size();
    }

private:
    bool send(T&& value, bool over_oldest) {
        receive_awaiter* receiver = nullptr;
        std::optional<T> oldest; // goes without the lock
        {
            const std::lock_guard guard(receivers_.lock());
            if (closed_)
                return over_oldest;
            receiver = static_cast<receive_awaiter*>(receivers_.front());
            if (receiver) {
                receiver->value_.emplace(std::move(value));
                receivers_.pop_front();
            } else {
                if (values_.size() >= capacity_ && !over_oldest)
                    return false;
                values_.push_back(std::move(value));
                if (values_.size() > capacity_)
                    dropped_ += take(oldest);
            }
        }
        if (receiver)
            detail::thread_wait_queue::release(*receiver);
        return !oldest;
    }

    bool take(std::optional<T>& taken) {
        if (values_.empty())
            return false;
        taken.emplace(std::move(values_.front()));
        values_.pop_front();
        return true;
    }

    const std::size_t capacity_;
    detail::thread_wait_queue receivers_; // its lock is that of all that is here
    std::deque<T> values_;
    std::size_t dropped_ = 0;
    bool closed_ = false;
};

} // namespace gawait
