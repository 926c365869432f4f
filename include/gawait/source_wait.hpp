#pragma once

#include "gawait/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/suspension.hpp"

namespace gawait::detail {

/// Waits until a `GSource` on the home context is dispatched, once.
class GAWAIT_API source_wait : suspension {
public:
    bool await_ready() const noexcept { return false; }

    template <has_environment Promise> bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        if (!begin(awaiting))
            return false;
        attach();
        return true;
    }

protected:
    /// @param source not attached yet, its callback not set.
    explicit source_wait(ref<GSource> source) noexcept : source_(std::move(source)) {}

    source_wait(source_wait&&) noexcept = default;
    source_wait& operator=(source_wait&&) = delete;
    ~source_wait() = default;

    using suspension::throw_if_cancelled;

    /// Sets a callback of the source's own type; it calls `dispatched()`.
    virtual void set_callback(GSource* source) noexcept = 0;

    /// Resumes the coroutine.
    ///
    /// @return what the callback is to return.
    gboolean dispatched() noexcept;

private:
    void attach() noexcept;
    bool withdraw() noexcept override;

    ref<GSource> source_;
};

} // namespace gawait::detail
