#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/lifetime.hpp"
#include "gawait/detail/one_context.hpp"
#include "gawait/detail/wait_queue.hpp"
#include "gawait/error.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace gawait {
namespace detail {

GAWAIT_API error channel_closed_error() noexcept;

} // namespace detail

/// Hands values from tasks to tasks of one context, in order. Holds up to `capacity` of
/// them; with none, a sender waits until its value is received.
///
/// Whoever still waits when it is destroyed gets an error, `G_IO_ERROR_CLOSED`.
template <class T> class channel {
public:
    class [[nodiscard]] send_awaiter : detail::queued_wait {
    public:
        send_awaiter(channel& owner, T value)
            : queued_wait(room), owner_(owner), value_(std::move(value)) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            if (sent_)
                throw error(G_IO_ERROR_INVALID_ARGUMENT,
                            "gawait::channel: a send() awaited a second time");
            if (env.cancel->requested())
                return wait_in(owner_.senders_, awaiting);
            closed_ = owner_.closed_;
            if (closed_)
                return false;
            if (owner_.hand_over(value_))
                return give_way(awaiting);
            const bool waits = wait_in(owner_.senders_, awaiting);
            owner_.watching_.release_all();
            return waits;
        }

        void await_resume() {
            throw_if_cancelled();
            if (closed_)
                throw detail::channel_closed_error();
            sent_ = true;
        }

    private:
        friend class channel;

        static constexpr kind room{role::wait, "room in a channel"};

        channel& owner_;
        T value_;
        bool closed_ = false;
        bool sent_ = false;
    };

    class [[nodiscard]] receive_awaiter : detail::queued_wait {
    public:
        explicit receive_awaiter(channel& owner) noexcept : queued_wait(a_value), owner_(owner) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            if (env.cancel->requested())
                return wait_in(owner_.receivers_, awaiting);
            owner_.take(value_);
            if (value_ || owner_.closed_)
                return give_way(awaiting);
            return wait_in(owner_.receivers_, awaiting);
        }

        std::optional<T> await_resume() {
            throw_if_cancelled();
            return std::move(value_);
        }

    private:
        friend class channel;

        static constexpr kind a_value{role::wait, "a value from a channel"};

        channel& owner_;
        std::optional<T> value_;
    };

    class [[nodiscard]] ready_awaiter : detail::queued_wait {
    public:
        ready_awaiter(channel& owner, bool if_closed) noexcept
            : queued_wait(something), owner_(owner), if_closed_(if_closed) {}
        bool await_ready() const noexcept { return false; }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) {
            const detail::environment& env = awaiting.promise().env();
            owner_.context_.require(*env.home);
            const bool ready = owner_.has_something() || (if_closed_ && owner_.closed_);
            if (env.cancel->requested() || !ready)
                return wait_in(owner_.watching_, awaiting);
            return give_way(awaiting);
        }

        void await_resume() const { throw_if_cancelled(); }

    private:
        static constexpr kind something{role::wait, "something in a channel"};

        channel& owner_;
        bool if_closed_;
    };

    explicit channel(std::size_t capacity) : capacity_(capacity) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    /// Sends a value, waiting while the channel is full.
    ///
    /// @throws cancelled; the value was not sent then.
    /// @throws error `G_IO_ERROR_CLOSED` if the channel is, or is closed meanwhile;
    ///     `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    /// @throws what moving the value throws; it was not sent then.
    send_awaiter send(T value) { return send_awaiter(*this, std::move(value)); }

    /// Sends a value, if nobody has to wait for that: to a receiver that waits, or where there is
    /// room.
    ///
    /// @param value moved from only if it is sent.
    /// @return false if the channel is full, or closed.
    bool try_send(T&& value) { return !closed_ && hand_over(value); }
    bool try_send(const T& value) { return try_send(T(value)); }

    /// Receives the next value, waiting for it; nothing once the channel is closed and
    /// empty.
    ///
    /// @throws cancelled; no value was taken then.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` in a task of another context than the first.
    /// @throws what moving the value throws.
    receive_awaiter receive() noexcept { return receive_awaiter(*this); }

    /// Receives a value, if one is there or a sender waits with one.
    std::optional<T> try_receive() {
        std::optional<T> taken;
        take(taken);
        return taken;
    }

    /// Waits until there is something to receive, or the channel is closed. Takes nothing, so that
    /// another task may be there first.
    ///
    /// @throws as `receive()`.
    ready_awaiter ready() noexcept { return ready_awaiter(*this, true); }

    /// The same, but of a channel that is closed already and empty it waits until it is cancelled.
    ///
    /// @throws as `receive()`.
    ready_awaiter ready_or_closing() noexcept { return ready_awaiter(*this, false); }

    /// Lets nothing more in. What was sent can still be received; senders that wait fail,
    /// receivers that wait get nothing. Closing twice does no harm.
    void close() noexcept {
        closed_ = true;
        while (!senders_.empty()) {
            static_cast<send_awaiter*>(senders_.front())->closed_ = true;
            senders_.release_front();
        }
        receivers_.release_all();
        watching_.release_all();
    }

    bool closed() const noexcept { return closed_; }

    /// For who waits for several, of which one may be destroyed meanwhile.
    detail::lifetime_watch watch() noexcept { return detail::lifetime_watch(life_); }

    /// How many values wait to be received.
    std::size_t size() const noexcept { return values_.size(); }

private:
    bool hand_over(T& value) {
        if (!receivers_.empty()) {
            static_cast<receive_awaiter*>(receivers_.front())->value_.emplace(std::move(value));
            receivers_.release_front();
            return true;
        }
        if (values_.size() >= capacity_ || !senders_.empty())
            return false;
        values_.push_back(std::move(value));
        watching_.release_all();
        return true;
    }

    bool has_something() const noexcept { return !values_.empty() || !senders_.empty(); }

    // In an order that loses no value if moving one throws.
    void take(std::optional<T>& taken) {
        if (!senders_.empty()) {
            T& next = static_cast<send_awaiter*>(senders_.front())->value_;
            if (values_.empty())
                taken.emplace(std::move(next));
            else
                values_.push_back(std::move(next));
            senders_.release_front();
        }
        if (!values_.empty()) {
            taken.emplace(std::move(values_.front()));
            values_.pop_front();
        }
    }

    const std::size_t capacity_;
    detail::one_context context_;
    std::deque<T> values_;
    detail::wait_queue senders_;
    detail::wait_queue receivers_;
    detail::wait_queue watching_;
    detail::lifetime life_;
    bool closed_ = false;
};

} // namespace gawait
