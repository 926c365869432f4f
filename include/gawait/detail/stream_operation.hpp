#pragma once

#include "gawait/detail/stream_transfer.hpp"
#include "gawait/detail/suspension.hpp"
#include "gawait/detail/typed_operation.hpp"
#include "gawait/result.hpp"

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

namespace gawait::detail {

/// A coroutine that awaits a transfer.
template <class Transfer> class transfer_awaiter final : public Transfer, suspension {
public:
    explicit transfer_awaiter(const pending::kind& of) noexcept : suspension(of) {}

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        if (Transfer::begin(*awaiting.promise().env().home)) {
            Transfer::finish();
            return give_way(awaiting);
        }
        if (!suspension::begin(awaiting)) {
            Transfer::cancel();
            return false;
        }
        if (Transfer::wait())
            return true;
        Transfer::finish();
        return !abandon() || give_way(awaiting);
    }

private:
    bool withdraw() noexcept override { return Transfer::cancel(); }
    void on_end() noexcept override { finish_now(); }
};

/// The awaiter of an operation of streams. By the engine's poller where the stream is one over a
/// descriptor, else it is that of GIO's own operation. `Call` is as `typed_operation` wants it,
/// and says besides:
///
///     using transfer = ...;
///     bool prepare(transfer&); // false: GIO's operation is to be begun
///
/// It may be moved until it is awaited.
template <class Call> class [[nodiscard]] stream_operation {
    using transfer = typename Call::transfer;

public:
    using value_type = typename Call::value_type;

    explicit stream_operation(Call call) noexcept : usual_(std::move(call)) {}
    stream_operation(stream_operation&& other) noexcept : usual_(std::move(other.usual_)) {}
    stream_operation& operator=(stream_operation&&) = delete;

    bool await_ready() const noexcept { return usual_.await_ready(); }

    template <has_environment Promise> bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        polled_.reset(); // of an await before
        if (awaiting.promise().env().cancel->requested() ||
            !usual_.call().prepare(polled_.emplace(typed_operation<Call>::named_call))) {
            polled_.reset();
            return usual_.await_suspend(awaiting);
        }
        return polled_->await_suspend(awaiting);
    }

    value_type await_resume() { return await_result().value(); }

    /// What `as_result()` gives.
    result<value_type> await_result() {
        if (!polled_)
            return usual_.await_result();
        if (auto& failure = polled_->failure()) [[unlikely]]
            return std::move(*failure);
        if (polled_->gave_up())
            return cancelled();
        if constexpr (std::is_integral_v<value_type>)
            return value_type(polled_->moved());
        else
            return polled_->take();
    }

private:
    typed_operation<Call> usual_;
    std::optional<transfer_awaiter<transfer>> polled_;
};

} // namespace gawait::detail
