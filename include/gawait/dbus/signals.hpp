#pragma once

#include "gawait/dbus/detail/body.hpp"
#include "gawait/dbus/detail/subscription.hpp"
#include "gawait/dbus/signal_match.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/signal.hpp" // kept_emissions

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace gawait::dbus {

/// The signals of remote objects, one after the other. Those that come between two steps are kept.
///
///     dbus::signals<std::tuple<std::string, unsigned>> ticks(
///         bus, {.sender = clock, .interface = clock, .member = "Ticked"});
///     while (auto tick = co_await ticks.next())
///         show(*tick);
///
/// `T` is what a signal carries: one value is that, several are a `std::tuple`, none is an empty
/// one. The bus is asked for these signals as long as this lives, from before whatever is sent
/// over the connection afterwards. They are received by the thread-default context of its creation,
/// in a coroutine the one that it runs on.
template <class T> class [[nodiscard]] signals {
public:
    using value_type = T;

    class [[nodiscard]] next_awaiter : detail::subscription::awaiter {
        using base = detail::subscription::awaiter;

    public:
        explicit next_awaiter(base received) noexcept : base(std::move(received)) {}

        using base::await_ready;
        using base::await_suspend;

        std::optional<T> await_resume() {
            const auto received = base::await_resume();
            if (!received)
                return std::nullopt;
            return detail::body<T>::read(*received, nullptr);
        }
    };

    /// @param bus a reference is kept.
    /// @param which of all signals; its strings are copied.
    /// @param most how many are kept between two steps; of more the oldest go.
    /// @throws value_error if one of them is none.
    signals(GDBusConnection* bus, const signal_match& which, std::size_t most = kept_emissions)
        : received_(detail::subscription::begin(bus, which, most)) {}

    signals(signals&&) noexcept = default;
    signals& operator=(signals&&) noexcept = default;

    /// Waits for the next one: a `std::optional<T>`, which is empty when no more can come: the
    /// connection is closed, or `close()` was called. None may be waiting when this is destroyed.
    ///
    /// @throws type_error for a signal that carries something else; the next call goes on.
    /// @throws cancelled; nothing is lost then, and the next call goes on.
    /// @throws gawait::error `G_IO_ERROR_INVALID_ARGUMENT` out of the call, if this was moved from.
    auto next() GAWAIT_LIFETIMEBOUND { return next_awaiter(received().next()); }

    /// How many were dropped, since more came than are kept.
    std::size_t dropped() const { return received().dropped(); }

    /// How many wait to be taken.
    std::size_t kept() const { return received().kept(); }

    /// Tells the bus to send no more. `next()` gives what is kept, and then nothing.
    void close() noexcept { received_.disconnect(); }

private:
    detail::subscription& received() const { return received_.get("gawait::dbus::signals"); }

    gawait::detail::connected<detail::subscription> received_;
};

} // namespace gawait::dbus
