#pragma once

#include "gawait/thread_channel.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gawait {

/// Sends each value to all who have subscribed. May be used in any thread.
template <class T> class broadcast {
public:
    /// What was sent since `subscribe()`, in order. Ends at the end of its life, or with
    /// `close()`; may live longer than the `broadcast`.
    class [[nodiscard]] subscription {
    public:
        /// Waits for the next value: a `std::optional<T>`, which is empty at the end. In a task of
        /// any context. None may be waiting when this is destroyed.
        ///
        /// @throws cancelled; nothing is lost then.
        /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` out of the call, if this was moved from.
        auto next() GAWAIT_LIFETIMEBOUND { return values().receive(); }

        /// How many values were dropped: if more would be kept than were asked for, the oldest go.
        std::size_t dropped() const { return values().dropped(); }

    private:
        friend class broadcast;

        explicit subscription(std::shared_ptr<thread_channel<T>> values) noexcept
            : values_(std::move(values)) {}

        thread_channel<T>& values() const {
            if (!values_) [[unlikely]]
                throw detail::moved_from_error("gawait::broadcast::subscription");
            return *values_;
        }

        std::shared_ptr<thread_channel<T>> values_;
    };

    broadcast() = default;
    broadcast(const broadcast&) = delete;
    broadcast& operator=(const broadcast&) = delete;

    /// Ends all subscriptions.
    ~broadcast() { close(); }

    /// @param most how many values are kept until they are asked for; of more the oldest go.
    subscription subscribe(std::size_t most = 1024) {
        auto values = std::make_shared<thread_channel<T>>(most);
        const std::lock_guard guard(lock_);
        if (closed_)
            values->close();
        else
            subscribed_.push_back(values);
        return subscription(std::move(values));
    }

    /// Sends a copy to each. Never waits.
    void send(const T& value) {
        for (const auto& each : subscribed())
            each->send_newest(value);
    }

    /// Ends all subscriptions, after what was sent.
    void close() {
        for (const auto& each : subscribed(true))
            each->close();
    }

private:
    /// Those that live, and nobody else any more.
    std::vector<std::shared_ptr<thread_channel<T>>> subscribed(bool for_the_last_time = false) {
        std::vector<std::shared_ptr<thread_channel<T>>> living;
        const std::lock_guard guard(lock_);
        std::erase_if(subscribed_, [&](const auto& each) {
            auto values = each.lock();
            if (values)
                living.push_back(std::move(values));
            return each.expired();
        });
        closed_ = closed_ || for_the_last_time;
        return living;
    }

    std::mutex lock_;
    std::vector<std::weak_ptr<thread_channel<T>>> subscribed_;
    bool closed_ = false;
};

} // namespace gawait
