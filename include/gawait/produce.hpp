#pragma once

#include "gawait/async_result.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/detail/cancellation.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/outcome.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/error.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gawait {

// Errors ---------------------------------------------------------------------------

/// The `GError` that an exception becomes where C code is to see it:
///
/// | exception                 | `GError`                                              |
/// | ------------------------- | ----------------------------------------------------- |
/// | `gawait::error`           | its own                                               |
/// | `cancelled`               | `G_IO_ERROR_CANCELLED`                                |
/// | `std::system_error`       | the `G_IO_ERROR` of its `errno`, if that is what it holds |
/// | `std::invalid_argument`   | `G_IO_ERROR_INVALID_ARGUMENT`                         |
/// | another `std::exception`  | `G_IO_ERROR_FAILED`, with what it says                |
/// | anything else             | `G_IO_ERROR_FAILED`                                   |
///
/// @param exception not null.
GAWAIT_API error error_of(const std::exception_ptr& exception) noexcept;

// Values ---------------------------------------------------------------------------

/// What C code gets for a C++ value, the reverse of `adopted`. `type` is that; `from()`
/// makes it, and gives up what the value owned; `take()` makes the value of it again;
/// `none()` is what a finish function gives beside an error.
///
/// | C++ type                           | C type                     | beside an error |
/// | ---------------------------------- | -------------------------- | --------------- |
/// | `bool`                             | `gboolean`                 | `FALSE`         |
/// | signed integers                    | the same                   | -1              |
/// | other numbers, enumerations        | the same                   | 0               |
/// | owners: `ref`, `std::unique_ptr`,  | the pointer, owned by the  | null            |
/// | `unique_string`, `list`, ...       | caller                     |                 |
/// | `std::string`                      | `char*`, owned by the      | null            |
/// |                                    | caller                     |                 |
/// | another pointer                    | the same, borrowed         | null            |
/// | any other type                     | the same, for C++ callers  | `T()`           |
///
/// A floating `GVariant` is sunk.
template <class T> struct given {
    using type = T;
    static type from(T&& value) { return std::move(value); }
    static type none() { return T(); }
};

template <> struct given<bool> {
    using type = gboolean;
    static type from(bool value) noexcept { return value; }
    static type none() noexcept { return FALSE; }
};

template <std::signed_integral T> struct given<T> {
    using type = T;
    static type from(T value) noexcept { return value; }
    static type none() noexcept { return -1; }
};

template <class T> struct given<T*> {
    using type = T*;
    static type from(T* value) noexcept { return value; }
    static type none() noexcept { return nullptr; }
    static T* take(type value) noexcept { return value; }
};

template <class T>
    requires requires(T& owner) {
        { owner.release() } -> std::convertible_to<gconstpointer>;
    }
struct given<T> {
    using type = decltype(std::declval<T&>().release());
    static type from(T&& value) noexcept { return value.release(); }
    static type none() noexcept { return nullptr; }

    static T take(type value) noexcept {
        if constexpr (requires { T::adopt(value); })
            return T::adopt(value);
        else
            return T(value);
    }
};

template <> struct given<ref<GVariant>> {
    using type = GVariant*;
    static type from(ref<GVariant>&& value) noexcept {
        return value ? g_variant_take_ref(value.release()) : nullptr;
    }
    static type none() noexcept { return nullptr; }
    static ref<GVariant> take(type value) noexcept { return ref<GVariant>::adopt(value); }
};

template <> struct given<std::string> {
    using type = char*;
    static type from(const std::string& value) noexcept {
        // Whole: g_strndup() would end at the first NUL.
        return static_cast<type>(g_memdup2(value.c_str(), value.size() + 1));
    }
    static type none() noexcept { return nullptr; }
    static std::string take(type value) {
        const unique_string owned(value);
        return owned ? owned.get() : std::string();
    }
};

template <class T> using given_t = typename given<T>::type;

// Calls ----------------------------------------------------------------------------

/// What an `_async` function was called with.
struct async_call {
    /// A `GObject`, or null. The operation keeps a reference until its result is gone.
    gpointer source_object = nullptr;

    /// At which priority the callback runs: not before what is ready and better.
    int priority = G_PRIORITY_DEFAULT;

    /// May be null. A reference is kept.
    GCancellable* cancellable = nullptr;

    /// May be null: then the body runs all the same, and its result is dropped.
    GAsyncReadyCallback callback = nullptr;
    gpointer user_data = nullptr;

    /// As `g_task_set_check_cancellable()`: whether a cancellation until the result is taken
    /// makes that `G_IO_ERROR_CANCELLED`, whatever the body came to.
    bool check_cancellable = true;

    /// As `g_task_set_name()`, for debuggers; lives for ever. May be null.
    const char* name = nullptr;
};

namespace detail {

/// Whose result was handed to a finish function.
enum class made_by { this_pair, legacy_code, somebody_else };

/// @param legacy whether a success of a `GSimpleAsyncResult` can be understood.
/// @param failure is set if the result is an error of a `GSimpleAsyncResult`, or of no use.
GAWAIT_API made_by maker_of(GAsyncResult* result, gpointer source_object, gpointer tag, bool legacy,
                            GError** failure) noexcept;

GAWAIT_API gboolean legacy_boolean(GAsyncResult* result) noexcept;
GAWAIT_API gssize legacy_integer(GAsyncResult* result) noexcept;
GAWAIT_API gpointer legacy_pointer(GAsyncResult* result) noexcept;

GAWAIT_API error no_value_error() noexcept;

/// Notes with the task how long its string is, which C only knows up to the first NUL.
GAWAIT_API void keep_size(GTask* task, const std::string& value) noexcept;

/// The whole string, of the pointer that was taken out of the task.
///
/// @throws error if it is null: the value was taken before.
GAWAIT_API std::string whole_string(GTask* task, unique_string taken);

template <class T> struct is_counted : std::false_type {};
template <class T> struct is_counted<ref<T>> : std::true_type {};

/// How a value is kept in a `GTask`: as C code would keep it, so that other finish functions,
/// such as those of GIO's base classes, find what they expect.
template <class T> class task_value {
    static_assert(std::is_object_v<T>, "gawait::async_pair: the value must not be a reference");

    static constexpr bool is_boolean = std::is_same_v<T, bool>;
    static constexpr bool is_integer =
        !is_boolean && (std::is_integral_v<T> || std::is_enum_v<T>) && sizeof(T) <= sizeof(gssize);
    static constexpr bool is_pointer = std::is_pointer_v<given_t<T>>;
    static constexpr bool is_string = std::is_same_v<T, std::string>;

public:
    using c_type = given_t<T>;

    /// Whether a `GSimpleAsyncResult` can hold it.
    static constexpr bool has_legacy = is_boolean || is_integer || is_counted<T>::value;

    static void give(GTask* to, T&& value) {
        if constexpr (is_boolean)
            g_task_return_boolean(to, value);
        else if constexpr (is_integer)
            g_task_return_int(to, static_cast<gssize>(value));
        else if constexpr (is_pointer) {
            if constexpr (is_string)
                keep_size(to, value);
            g_task_return_pointer(to, untyped(given<T>::from(std::move(value))), drop_pointer);
        } else
            g_task_return_pointer(to, std::make_unique<T>(std::move(value)).release(), drop_object);
    }

    /// Takes the value out for C.
    static c_type take(GTask* from, GError** failure) {
        if constexpr (is_boolean) {
            return g_task_propagate_boolean(from, failure);
        } else if constexpr (is_integer) {
            GError* own = nullptr;
            const gssize value = g_task_propagate_int(from, &own);
            if (!own) [[likely]]
                return static_cast<T>(value);
            g_propagate_error(failure, own);
            return given<T>::none();
        } else if constexpr (is_pointer) {
            return static_cast<c_type>(g_task_propagate_pointer(from, failure));
        } else {
            const auto owner = take_object(from, failure);
            return owner ? given<T>::from(std::move(*owner)) : given<T>::none();
        }
    }

    /// Takes the value out for C++.
    ///
    /// @throws error
    static T take(GTask* from) {
        GError* failure = nullptr;
        if constexpr (is_boolean || is_integer || is_pointer) {
            const c_type value = take(from, &failure);
            if (failure)
                throw error(failure);
            if constexpr (is_string)
                return whole_string(from, unique_string(value));
            else if constexpr (is_pointer)
                return given<T>::take(value);
            else
                return static_cast<T>(value);
        } else {
            const auto owner = take_object(from, &failure);
            if (failure)
                throw error(failure);
            if (!owner)
                throw no_value_error();
            return std::move(*owner);
        }
    }

    static c_type legacy(GAsyncResult* from) noexcept
        requires has_legacy
    {
        if constexpr (is_boolean)
            return legacy_boolean(from);
        else if constexpr (is_integer)
            return static_cast<T>(legacy_integer(from));
        else
            return T::retain(static_cast<c_type>(legacy_pointer(from))).release();
    }

    static std::unique_ptr<T> take_object(GTask* from, GError** failure) noexcept {
        return std::unique_ptr<T>(static_cast<T*>(g_task_propagate_pointer(from, failure)));
    }

private:
    static gpointer untyped(const auto* value) noexcept {
        return const_cast<gpointer>(static_cast<gconstpointer>(value));
    }

    static void drop_pointer(gpointer value) noexcept {
        given<T>::take(static_cast<c_type>(value));
    }

    static void drop_object(gpointer value) noexcept {
        const std::unique_ptr<T> owner(static_cast<T*>(value));
    }
};

// Running the body -----------------------------------------------------------------

/// A coroutine that nobody awaits: it begins with its call and goes with its end.
class production {
public:
    class promise_type {
    public:
        environment& env() noexcept { return env_; }

        production get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    private:
        environment env_;
    };
};

/// What a call of an `_async` function is, until it has called back.
class GAWAIT_API produced_call : public pending {
public:
    produced_call(const async_call& call, gpointer tag, engine_ref home) noexcept;
    produced_call(const produced_call&) = delete;
    produced_call& operator=(const produced_call&) = delete;
    ~produced_call();

    static const kind a_call;

    environment env() noexcept { return {home_.get(), &root_}; }
    cancellation& root() noexcept { return root_; }

    /// Goes on where the body may begin: on the thread that iterates the context.
    class beginning : job {
    public:
        explicit beginning(produced_call& call) noexcept : job(run), call_(call) {}
        bool await_ready() const noexcept { return call_.home_->on_owner_thread(); }
        bool await_suspend(std::coroutine_handle<> awaiting) noexcept;
        void await_resume() const noexcept {}

    private:
        static void run(job& self) noexcept { static_cast<beginning&>(self).awaiting_.resume(); }

        produced_call& call_;
        std::coroutine_handle<> awaiting_;
    };

    /// Goes on where the callback may run: not before its priority's turn, and not in a
    /// handler of the cancellable.
    class end {
    public:
        explicit end(produced_call& call) noexcept : call_(call) {}
        bool await_ready() const noexcept { return call_.may_call_back(); }
        void await_suspend(std::coroutine_handle<> awaiting) noexcept;
        void await_resume() const noexcept {}

    private:
        static gboolean run(gpointer self) noexcept;

        produced_call& call_;
        std::coroutine_handle<> awaiting_;
    };

    /// Makes the `GTask`.
    ///
    /// @return whether the body is to begin. Otherwise all is done.
    bool begin() noexcept;

    /// The body takes time.
    ///
    /// @param env what it is awaited in.
    void suspended(const environment& env) noexcept {
        suspended_ = true;
        enter(env);
    }

    /// The body has ended.
    void resumed() noexcept {
        if (suspended_)
            leave();
    }

    /// What the call was made with.
    const async_call& made_with() const noexcept { return call_; }

    void fail(const std::exception_ptr& exception) noexcept;

    template <class T> void finish(outcome<T>& ended) noexcept {
        if (const auto exception = ended.exception()) {
            fail(exception);
            return;
        }
        try {
            if constexpr (std::is_void_v<T>)
                g_task_return_boolean(task_, TRUE);
            else
                task_value<T>::give(task_, ended.take());
        } catch (...) {
            fail(std::current_exception());
        }
    }

private:
    bool was_cancelled() const noexcept { return g_cancellable_is_cancelled(call_.cancellable); }
    bool may_call_back() const noexcept;

    async_call call_;
    gpointer tag_;
    engine_ref home_;
    bool deferred_ = false;
    bool suspended_ = false;
    ref<GTask> task_;
    // What the task keeps, while the beginning is deferred and there is none.
    ref<GObject> source_object_;
    ref<GCancellable> cancellable_;
    // Not a cancellation_root: the task keeps the context alive.
    cancellation root_;
};

/// Awaits the body of a call, and tells it if that takes time.
template <class T> class [[nodiscard]] body_of_call : public outcome_under<T> {
public:
    body_of_call(produced_call& call, task<T> body)
        : outcome_under<T>(call.root(), std::move(body)), call_(call) {}

    template <has_environment Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        if (!outcome_under<T>::await_suspend(awaiting))
            return false;
        call_.suspended(awaiting.promise().env());
        return true;
    }

    outcome<T> await_resume() noexcept {
        call_.resumed();
        try {
            return outcome_under<T>::await_resume();
        } catch (...) { // out of moving the value
            outcome<T> failed;
            failed.fail(std::current_exception());
            return failed;
        }
    }

private:
    produced_call& call_;
};

template <class T>
production run_call(async_call call, gpointer tag, engine_ref home, task<T> body) {
    produced_call self(call, tag, std::move(home));
    environment& env = co_await current_environment();
    env = self.env();
    co_await produced_call::beginning(self);
    if (!self.begin())
        co_return;
    outcome<T> ended = co_await body_of_call<T>(self, std::move(body));
    co_await produced_call::end(self);
    self.finish(ended);
}

/// The engine of the thread-default context; none, if the call has failed for want of one.
GAWAIT_API engine_ref home_of_call(const async_call& call, gpointer tag) noexcept;

/// For a call that cannot begin.
GAWAIT_API void fail_call(const async_call& call, gpointer tag, error failure) noexcept;

template <class T> void start_call(const async_call& call, gpointer tag, task<T> body) noexcept {
    if (!body) {
        fail_call(call, tag, error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::async_pair: no body"));
        return;
    }
    if (engine_ref home = home_of_call(call, tag))
        run_call<T>(call, tag, std::move(home), std::move(body));
}

// Finishing ------------------------------------------------------------------------

/// The finish functions of a pair whose value is a `T`.
template <class T> struct pair_finish {
    static given_t<T> finish(gpointer source_object, GAsyncResult* result, gpointer tag,
                             GError** failure) {
        using value = task_value<T>;
        const auto maker = maker_of(result, source_object, tag, value::has_legacy, failure);
        if (maker == made_by::this_pair) [[likely]]
            return value::take(reinterpret_cast<GTask*>(result), failure);
        if constexpr (value::has_legacy)
            if (maker == made_by::legacy_code)
                return value::legacy(result);
        return given<T>::none();
    }
};

template <> struct pair_finish<void> : pair_finish<bool> {};

template <class... T> struct pair_finish<std::tuple<T...>> {
    static gboolean finish(gpointer source_object, GAsyncResult* result, gpointer tag,
                           given_t<T>*... outs, GError** failure) {
        std::unique_ptr<std::tuple<T...>> owner;
        if (maker_of(result, source_object, tag, false, failure) == made_by::this_pair) [[likely]]
            owner = task_value<std::tuple<T...>>::take_object(reinterpret_cast<GTask*>(result),
                                                              failure);
        const auto set = [](auto* out, auto* value) {
            using element = std::remove_pointer_t<decltype(value)>;
            if (out)
                *out = value ? given<element>::from(std::move(*value)) : given<element>::none();
        };
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (set(outs, owner ? &std::get<I>(*owner) : nullptr), ...);
        }(std::index_sequence_for<T...>());
        return owner != nullptr;
    }
};

} // namespace detail

/// A pair of functions of the GIO kind whose work is a coroutine:
///
///     task<gint64> count(ref<WordCounter> self, std::string path);
///
///     using counting = async_pair<gint64, word_counter_count_async>;
///
///     void word_counter_count_async(WordCounter* self, const char* path, int priority,
///                                   GCancellable* cancellable, GAsyncReadyCallback callback,
///                                   gpointer data) {
///         counting::start({self, priority, cancellable, callback, data},
///                         count(ref<WordCounter>::retain(self), path));
///     }
///
///     gint64 word_counter_count_finish(WordCounter* self, GAsyncResult* result,
///                                      GError** failure) {
///         return counting::finish(self, result, failure);
///     }
///
/// @tparam T what the coroutine gives: what `given` knows, a `std::tuple` of that, or void.
/// @tparam Function the source tag of the results, by convention the `_async` function.
template <class T, auto Function> class async_pair {
public:
    static gpointer tag() noexcept { return source_tag(Function); }

    /// Runs the body and completes a `GTask` with what it comes to, its value, the `GError`
    /// that `error_of()` makes of its exception, or `G_IO_ERROR_CANCELLED`.
    ///
    /// The body runs on the thread-default context of the call, from the call on, or from the
    /// next iteration if this thread is not dispatching that context just now. The callback
    /// runs once, always in a later iteration of the context than the call.
    ///
    /// A cancellation through the caller's `GCancellable` cancels the body, which ends in its
    /// own time. It does not begin if that was cancelled before (unless it is left to the
    /// body by `check_cancellable`), nor, and then nothing calls back, if the context is
    /// destroyed before its first iteration: a critical says so.
    ///
    /// @param body a coroutine that has not begun. Its arguments must not borrow from the
    ///     caller: take strings and `ref`s by value.
    static void start(const async_call& call, task<T> body) noexcept {
        detail::start_call(call, tag(), std::move(body));
    }

    /// What the C function returns that finishes the operation: what `given` makes of the
    /// value, which the caller then owns; for void a `gboolean`; for a tuple, whose elements
    /// go to out-arguments before the error, a `gboolean` too. Each of those may be null.
    ///
    ///     gboolean cache_find_finish(Cache* self, GAsyncResult* result, GBytes** found,
    ///                                gint64* age, GError** failure) {
    ///         return finding::finish(self, result, found, age, failure);
    ///     }
    ///
    /// To be called once, in the callback or later. Called again it gives what it gives beside
    /// an error, and a critical, as GTask's functions do.
    ///
    /// Another function's result, or another object's, is a critical, and
    /// `G_IO_ERROR_INVALID_ARGUMENT`. The error of a `GSimpleAsyncResult` is taken as it is,
    /// and so is one of this tag that holds a number, a `gboolean` or an object.
    template <class... OutsAndError>
    static auto finish(gpointer source_object, GAsyncResult* result,
                       OutsAndError&&... outs_and_error) {
        return detail::pair_finish<T>::finish(source_object, result, tag(),
                                              std::forward<OutsAndError>(outs_and_error)...);
    }

    /// The same for callers in C++: gives the value as the coroutine did; a string whole,
    /// where C sees it end at its first NUL.
    ///
    /// @throws error what the coroutine failed with. Called again, which is a critical too,
    ///     `G_IO_ERROR_INVALID_ARGUMENT` for a string or a value that only C++ knows; numbers
    ///     and pointers are then what `finish()` gives beside an error.
    static T value(gpointer source_object, GAsyncResult* result) {
        GError* failure = nullptr;
        if (detail::maker_of(result, source_object, tag(), false, &failure) !=
            detail::made_by::this_pair)
            throw error(failure);
        if constexpr (std::is_void_v<T>)
            detail::task_value<bool>::take(reinterpret_cast<GTask*>(result));
        else
            return detail::task_value<T>::take(reinterpret_cast<GTask*>(result));
    }
};

} // namespace gawait
