#pragma once

#include "gawait/async.hpp"

#include <coroutine>
#include <type_traits>
#include <utility>

namespace gawait::detail {

GAWAIT_API error invalid_argument_error(const char* function) noexcept;

/// For a finish function that says by what it returns that it failed: then there is an error,
/// though it set none.
GAWAIT_API void ensure_error(GError** failure) noexcept;

/// Whether C may have each of the arguments.
template <class... Arguments> bool all_valid(const Arguments&... arguments) noexcept {
    return (arguments.valid() && ...);
}

/// The awaiter of a function that gawait-gen wrote. `Call` holds the arguments, and says how the
/// operation is begun and what it gives:
///
///     using value_type = ...;
///     static constexpr const char* name; // of the start function
///     bool valid() const noexcept;       // whether it may be called
///     void start(GCancellable*, GAsyncReadyCallback, gpointer);
///     value_type finish(GObject* source, GAsyncResult*, GError**);
///
/// It may be moved until it is awaited.
template <class Call> class [[nodiscard]] typed_operation : operation_base {
public:
    using value_type = typename Call::value_type;

    explicit typed_operation(Call call) noexcept
        : operation_base(named_call), call_(std::move(call)), valid_(call_.valid()) {}

    bool await_ready() const noexcept { return !valid_; }

    Call& call() noexcept { return call_; }

    template <has_environment Promise> bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        auto start = [this](GCancellable* cancellable, GAsyncReadyCallback callback,
                            gpointer data) { call_.start(cancellable, callback, data); };
        return begin(awaiting, awaiting.promise().env(), start);
    }

    value_type await_resume() { return await_result().value(); }

    /// What `as_result()` gives.
    result<value_type> await_result() {
        if (!valid_) [[unlikely]]
            return invalid_argument_error(Call::name);
        if (!ended())
            return cancelled();
        GError* failure = nullptr;
        if constexpr (std::is_void_v<value_type>) {
            call_.finish(source(), async_result(), &failure);
            if (failure) [[unlikely]]
                return failed(failure);
            return {};
        } else {
            value_type value = call_.finish(source(), async_result(), &failure);
            if (failure) [[unlikely]]
                return failed(failure);
            return value;
        }
    }

    static constexpr pending::kind named_call{pending::role::operation, Call::name};

private:
    result<value_type> failed(GError* failure) noexcept {
        error owned(failure);
        if (is_cancellation(owned))
            return cancelled();
        return owned;
    }

    Call call_;
    bool valid_;
};

} // namespace gawait::detail
