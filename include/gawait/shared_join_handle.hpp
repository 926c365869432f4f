#pragma once

#include "gawait/spawn.hpp"

#include <memory>
#include <utility>

namespace gawait {

/// A handle on a spawned task of which several may await the result: a `join_handle` gives it once.
/// Copies are handles on the same task.
///
///     shared_join_handle<config> loading(spawn(load()));
///     const config& loaded = co_await loading;
template <class T> class [[nodiscard]] shared_join_handle {
public:
    class [[nodiscard]] awaiter : detail::join_wait {
    public:
        explicit awaiter(std::shared_ptr<detail::spawned<T>> awaited) noexcept
            : join_wait(*awaited), spawned_(std::move(awaited)) {}

        using join_wait::await_ready;
        using join_wait::await_suspend;

        decltype(auto) await_resume() {
            this->throw_if_cancelled();
            return spawned_->look();
        }

    private:
        std::shared_ptr<detail::spawned<T>> spawned_;
    };

    /// Takes over the handle.
    ///
    /// @throws error if that was moved from.
    explicit shared_join_handle(join_handle<T> only) : spawned_(only.spawned()) {}

    // Not moved but copied, so that each has the task.
    shared_join_handle(const shared_join_handle&) noexcept = default;
    shared_join_handle& operator=(const shared_join_handle&) noexcept = default;
    ~shared_join_handle() = default;

    /// Cancels the task, for all who await it.
    void cancel() const noexcept { spawned_->cancel(); }

    bool done() const noexcept { return spawned_->done(); }

    /// Waits until the task has ended and gives a reference to its result, which is valid as long
    /// as a copy of the handle lives. If an awaiting task is cancelled meanwhile only its wait
    /// ends. In tasks of any context.
    ///
    /// @throws whatever ended the task, each time; `cancelled`.
    awaiter operator co_await() const { return awaiter(spawned_); }

private:
    std::shared_ptr<detail::spawned<T>> spawned_;
};

} // namespace gawait
