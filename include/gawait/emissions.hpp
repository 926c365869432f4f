#pragma once

#include "gawait/detail/signal_connection.hpp"
#include "gawait/thread_channel.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace gawait {
namespace detail {

/// Keeps what comes until it is asked for.
template <class T> class emission_queue final : public signal_connection {
public:
    /// What of an emission is kept. The arguments are those of a handler, the emitter first.
    using reader = T (*)(const GValue* arguments);

    emission_queue(reader read, std::size_t most) : read_(read), kept_(most) {}

    thread_channel<T>& kept() noexcept { return kept_; }

private:
    void emitted(const GValue* arguments, GValue* /*answer*/) noexcept override {
        kept_.send_newest(read_(arguments));
    }

    void ended() noexcept override { kept_.close(); }

    const reader read_;
    thread_channel<T> kept_;
};

} // namespace detail

/// The emissions of a signal, or the values of a property, one after the other. Those that come
/// between two steps are kept.
///
///     auto added = gio::volume_monitor_mount_added(monitor).emissions();
///     while (auto mount = co_await added.next())
///         show(*mount);
///
/// The signal is connected as long as this lives. It keeps the object not alive.
///
/// `T` is the argument, a `std::tuple` of several, or `std::monostate` if there is none. What a
/// signal gives is copied, with references of its own.
template <class T> class [[nodiscard]] emissions {
public:
    using value_type = T;

    explicit emissions(std::shared_ptr<detail::emission_queue<T>> queue) noexcept
        : queue_(std::move(queue)) {}

    /// Waits for the next emission: a `std::optional<T>`, which is empty after the last one:
    /// when the object was disposed of, or the signal disconnected. In a task of any context, for
    /// an emission of any thread. None may be waiting when this is destroyed.
    ///
    /// @throws cancelled; nothing is lost then, and the next call goes on.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` out of the call, if this was moved from.
    auto next() GAWAIT_LIFETIMEBOUND { return queue().kept().receive(); }

    /// How many emissions were dropped: if more would be kept than were asked for, the oldest go.
    std::size_t dropped() const { return queue().kept().dropped(); }

    /// Disconnects the signal. `next()` gives what is kept, and then nothing. From any thread.
    void close() noexcept { queue_.disconnect(); }

    /// Whether `close()` was called.
    bool closed() const { return queue().disconnected(); }

private:
    detail::emission_queue<T>& queue() const { return queue_.get("gawait::emissions"); }

    detail::connected<detail::emission_queue<T>> queue_;
};

} // namespace gawait
