#pragma once

#include "gawait/async.hpp"
#include "gawait/error.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"

#include <giomm/asyncresult.h>
#include <giomm/cancellable.h>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

/// Awaiting what giomm and gtkmm begin: include it where they are used. gawait.hpp does not include
/// it, and the library does not link with them.
///
/// Objects need no adapter. What gawait-gen writes takes a `Glib::RefPtr`, and a pointer to an
/// object of glibmm's. `ref_to<GFile>(file)` is one more reference to what a
/// `Glib::RefPtr<Gio::File>` holds; `Glib::wrap(file.release())` hands that of a `ref<GFile>` to
/// one.
namespace gawait::giomm {

/// A copy of the `GError` in one of glibmm's exceptions.
inline error error_of(const Glib::Error& failure) noexcept {
    return error(g_error_copy(failure.gobj()));
}

/// Throws it as glibmm would: `Gio::Error`, `Glib::FileError`, ... , by its domain. For coroutines
/// whose callers await those.
[[noreturn]] inline void throw_as_glibmm(error failure) {
    Glib::Error::throw_exception(failure.release());
}

/// The awaiter of `async()`. It may be moved until it is awaited.
template <class Start, class Finish> class [[nodiscard]] operation : detail::operation_base {
    using value_type = std::invoke_result_t<Finish&, Glib::RefPtr<Gio::AsyncResult>&>;

public:
    operation(Start start, Finish finish)
        : operation_base(a_method), start_(std::move(start)), finish_(std::move(finish)) {}

    bool await_ready() const noexcept { return false; }

    template <detail::has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        auto start = [this](GCancellable* cancellable, GAsyncReadyCallback callback,
                            gpointer data) {
            const Gio::SlotAsyncReady ready = [=](Glib::RefPtr<Gio::AsyncResult>& came) {
                callback(nullptr, came->gobj(), data);
            };
            const Glib::RefPtr<Gio::Cancellable> cancel = Glib::wrap(cancellable, true);
            start_(ready, cancel);
        };
        return begin(awaiting, awaiting.promise().env(), start);
    }

    value_type await_resume() { return await_result().value(); }

    /// What `as_result()` gives.
    result<value_type> await_result() {
        if (!ended())
            return cancelled();
        auto came = Glib::wrap(async_result(), true);
        try {
            if constexpr (std::is_void_v<value_type>) {
                finish_(came);
                return {};
            } else {
                return finish_(came);
            }
        } catch (const Glib::Error& failure) {
            error owned = error_of(failure);
            if (is_cancellation(owned))
                return cancelled();
            return owned;
        }
    }

private:
    static constexpr kind a_method{role::operation, "a method of giomm's"};

    Start start_;
    Finish finish_;
};

/// Awaits an asynchronous method of giomm's or gtkmm's.
///
///     auto stream = co_await giomm::async(
///         [&](auto&... how) { file->read_async(how...); },
///         [&](auto& result) { return file->read_finish(result); });
///
/// giomm has to be initialised, as by `Gio::init()`.
///
/// @param start called when it is awaited, with the `Gio::SlotAsyncReady` and the
///     `Glib::RefPtr<Gio::Cancellable>` that the method is to have. It must either begin it, once,
///     or throw.
/// @param finish called with the `Glib::RefPtr<Gio::AsyncResult>` when that is there. What it gives
///     is what the await gives.
///
/// Cancelled as every operation: the await goes on until the slot was called. (With g++ 12 the
/// lambdas must not capture a `Glib::RefPtr` by copy; see docs/reference/compilers.md.)
///
/// @throws error what was a `Glib::Error` of `finish`; cancelled.
template <std::invocable<const Gio::SlotAsyncReady&, const Glib::RefPtr<Gio::Cancellable>&> Start,
          std::invocable<Glib::RefPtr<Gio::AsyncResult>&> Finish>
auto async(Start start, Finish finish) {
    return operation<Start, Finish>(std::move(start), std::move(finish));
}

} // namespace gawait::giomm
