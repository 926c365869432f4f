#pragma once

#include "gawait/adopt.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/error.hpp"
#include "gawait/result.hpp"

#include <gio/gio.h>

#include <array>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gawait {

/// Says, as the first template argument of `async()`, that the library works out the
/// type of the result by `adopted`.
struct deduced;

namespace detail {

// What start functions look like ---------------------------------------------------

/// Whether the methods of a GIO class take their I/O priority just before the
/// `GCancellable*`. Of other classes an `int` there may be anything: a timeout
/// (`g_dbus_proxy_call()`), a size (`g_loadable_icon_load_async()`), a `gboolean`
/// (`g_mount_guess_content_type()`), an argument of a D-Bus method.
template <class T> constexpr bool has_io_priority = false;
template <> inline constexpr bool has_io_priority<GAsyncInitable> = true;
template <> inline constexpr bool has_io_priority<GBufferedInputStream> = true;
template <> inline constexpr bool has_io_priority<GDataInputStream> = true;
template <> inline constexpr bool has_io_priority<GDtlsConnection> = true;
template <> inline constexpr bool has_io_priority<GFile> = true;
template <> inline constexpr bool has_io_priority<GFileEnumerator> = true;
template <> inline constexpr bool has_io_priority<GFileIOStream> = true;
template <> inline constexpr bool has_io_priority<GFileInputStream> = true;
template <> inline constexpr bool has_io_priority<GFileOutputStream> = true;
template <> inline constexpr bool has_io_priority<GIOStream> = true;
template <> inline constexpr bool has_io_priority<GInputStream> = true;
template <> inline constexpr bool has_io_priority<GOutputStream> = true;
template <> inline constexpr bool has_io_priority<GTlsConnection> = true;

/// The parameters of `R start(P..., GAsyncReadyCallback, gpointer)`.
template <class Function> struct start_signature {
    static constexpr bool valid = false;
};

template <class R, class... P> struct start_signature<R (*)(P...)> {
    using parameters = std::tuple<P...>;
    static constexpr std::size_t count = sizeof...(P);

    template <std::size_t I> using parameter = std::tuple_element_t<I, parameters>;

    static constexpr bool ends_in_callback() {
        if constexpr (count < 2)
            return false;
        else
            return std::is_same_v<parameter<count - 2>, GAsyncReadyCallback> &&
                   std::is_same_v<parameter<count - 1>, gpointer>;
    }

    static constexpr bool valid = ends_in_callback();

    /// Where the `GCancellable*` is, or `count`.
    static constexpr std::size_t cancellable = [] {
        std::array<bool, count + 1> is{std::is_same_v<P, GCancellable*>...};
        std::size_t at = 0;
        while (at < count && !is[at])
            ++at;
        return at;
    }();

    static constexpr bool has_cancellable = cancellable < count;

    /// How many arguments the caller may give.
    static constexpr std::size_t most_arguments = count - (has_cancellable ? 3 : 2);

    /// Whether it takes an I/O priority, which may be left out.
    static constexpr bool has_priority() {
        if constexpr (has_cancellable && cancellable > 1)
            return std::is_same_v<parameter<cancellable - 1>, int> &&
                   has_io_priority<std::remove_pointer_t<parameter<0>>>;
        else
            return false;
    }

    /// The parameter that one of the caller's `given` arguments is for.
    static constexpr std::size_t position(std::size_t argument, std::size_t given) {
        const std::size_t left_out = given < most_arguments ? 1 : 0; // the priority
        if (has_cancellable && argument + left_out >= cancellable)
            return argument + left_out + 1;
        return argument;
    }

    /// The caller's argument that a parameter gets, or `given` if none.
    static constexpr std::size_t argument_for(std::size_t parameter, std::size_t given) {
        std::size_t argument = 0;
        while (argument < given && position(argument, given) != parameter)
            ++argument;
        return argument;
    }

    template <class T> static constexpr bool takes_first() {
        if constexpr (count > 2)
            return std::is_same_v<parameter<0>, T>;
        else
            return false;
    }
};

// What finish functions look like --------------------------------------------------

template <class T>
constexpr bool is_out_argument =
    std::is_pointer_v<T> && std::is_object_v<std::remove_pointer_t<T>> &&
    !std::is_const_v<std::remove_pointer_t<T>>;

template <class T> constexpr bool is_list = false;
template <> inline constexpr bool is_list<GList*> = true;
template <> inline constexpr bool is_list<GSList*> = true;

/// The parameters of `R finish([Source*,] GAsyncResult*, Out*..., [GError**])`.
template <class Function> struct finish_signature {
    static constexpr bool valid = false;
};

template <class R, class... P> struct finish_signature<R (*)(P...)> {
    using returned = R;
    using parameters = std::tuple<P...>;
    static constexpr std::size_t count = sizeof...(P);

    template <std::size_t I> using parameter = std::tuple_element_t<I, parameters>;

    template <std::size_t I, class T> static constexpr bool is() {
        if constexpr (I < count)
            return std::is_same_v<parameter<I>, T>;
        else
            return false;
    }

    static constexpr bool has_source = is<1, GAsyncResult*>();
    static constexpr bool has_result = has_source || is<0, GAsyncResult*>();
    static constexpr bool has_error = is<count - 1, GError**>();
    static constexpr std::size_t first_out = has_source ? 2 : 1;
    static constexpr std::size_t outs = has_result ? count - first_out - (has_error ? 1 : 0) : 0;

    template <std::size_t I> using out = std::remove_pointer_t<parameter<first_out + I>>;

    template <std::size_t... I>
    static constexpr bool are_out_arguments(std::index_sequence<I...> /*which*/) {
        return (is_out_argument<parameter<first_out + I>> && ...);
    }

    static constexpr bool valid = has_result && are_out_arguments(std::make_index_sequence<outs>());

    /// A finish function that returns a `gboolean` beside out-arguments says by it
    /// whether those were set.
    static constexpr bool returns_success = std::is_same_v<R, gboolean> && outs > 0;
};

/// The C++ results of a finish function as a tuple: what it returns, unless that is
/// void or a success, then its out-arguments.
template <class Signature, class Outs = std::make_index_sequence<Signature::outs>>
struct finish_values;

template <class Signature, std::size_t... I>
struct finish_values<Signature, std::index_sequence<I...>> {
    using returned = typename Signature::returned;
    using first =
        std::conditional_t<std::is_void_v<returned> || Signature::returns_success, std::tuple<>,
                           std::tuple<std::conditional_t<std::is_void_v<returned>, int, returned>>>;
    using c_types = decltype(std::tuple_cat(
        std::declval<first>(), std::declval<std::tuple<typename Signature::template out<I>...>>()));
};

/// No value is void, one value is itself, more are a tuple.
template <class Tuple> struct adopted_values;
template <> struct adopted_values<std::tuple<>> {
    using type = void;
};
template <class C> struct adopted_values<std::tuple<C>> {
    using type = adopted_t<C>;
};
template <class... C> struct adopted_values<std::tuple<C...>> {
    using type = std::tuple<adopted_t<C>...>;
};

template <class T> struct is_ref : std::false_type {};
template <class T> struct is_ref<ref<T>> : std::true_type {};

template <class Result, class Finish> struct operation_result {
    using type = Result;
};

template <class Finish> struct operation_result<deduced, Finish> {
    using signature = finish_signature<Finish>;
    using c_types = typename finish_values<signature>::c_types;
    using type = typename adopted_values<c_types>::type;
};

/// Makes the result that the caller asked for from the C values.
template <class Result, class... C> Result make_result(C... values) {
    if constexpr (is_ref<Result>::value)
        return Result::adopt(reinterpret_cast<decltype(std::declval<Result>().get())>(values)...);
    else
        return Result(values...);
}

// The operation --------------------------------------------------------------------

GAWAIT_API error null_instance_error() noexcept;
GAWAIT_API error no_error_set_error() noexcept;

/// What all operations share: they begin, and wait for the callback.
class GAWAIT_API operation_base : job, protected pending {
public:
    operation_base(operation_base&& other) noexcept = default;
    operation_base& operator=(operation_base&&) = delete;

protected:
    static const kind begun_by_function;
    static const kind ended_by_function;

    /// @param of what it is.
    /// @param known_by the function by which it is known, if the kind has no name.
    explicit operation_base(const kind& of, gconstpointer known_by = nullptr) noexcept
        : job(resume), pending(of, known_by) {}
    ~operation_base() = default;

    /// Calls `start(GCancellable*, GAsyncReadyCallback, gpointer)`.
    ///
    /// @return whether the coroutine is to be suspended.
    template <class Start>
    bool begin(std::coroutine_handle<> awaiting, environment& env, Start& start) {
        env_ = &env;
        result_ = nullptr; // of an await before
        if (env.cancel->requested())
            return false;
        awaiting_ = awaiting;
        beginning_ = true;
        {
            const thread_default_scope scope(*env.home);
            start(env.cancel->cancellable(), ready, static_cast<pending*>(this));
        }
        beginning_ = false;
        if (result_) [[unlikely]]
            return false;
        enter(env);
        env.home->begin_flight();
        return true;
    }

    /// Whether the operation was begun and has ended.
    bool ended() const noexcept { return result_; }

    /// Borrowed, like the result: valid until the coroutine suspends again.
    GObject* source() const noexcept { return source_; }
    GAsyncResult* async_result() const noexcept { return result_; }

    /// Whether the error says that the task was cancelled.
    bool is_cancellation(const error& failure) const noexcept {
        // Another thread that cancels it may not have come as far as the request yet.
        return failure.matches(G_IO_ERROR_CANCELLED) &&
               (env_->cancel->requested() ||
                g_cancellable_is_cancelled(env_->cancel->cancellable()));
    }

private:
    static void ready(GObject* source, GAsyncResult* result, gpointer self) noexcept {
        static_cast<operation_base*>(static_cast<pending*>(self))->on_ready(source, result);
    }

    void on_ready(GObject* source, GAsyncResult* result) noexcept {
        source_ = source;
        result_ = result;
        // What comes while the start function still runs, or out of a handler of the
        // cancellable (which must not see it destroyed), is dealt with later.
        // Otherwise the result is used up while the callback runs, and needs no
        // reference.
        if (beginning_ || env_->cancel->requested()) [[unlikely]]
            keep_and_resume_later();
        else
            go_on();
    }

    void go_on() noexcept {
        leave();
        env_->home->end_flight();
        awaiting_.resume();
    }

    void keep_and_resume_later() noexcept;

    static void resume(job& self) noexcept { static_cast<operation_base&>(self).go_on(); }

    std::coroutine_handle<> awaiting_;
    environment* env_ = nullptr;
    GObject* source_ = nullptr;
    GAsyncResult* result_ = nullptr;
    bool beginning_ = false;
    ref<GObject> kept_source_;
    ref<GAsyncResult> kept_result_;
};

/// A variant for the start function. One that floats is for C to take over, and is freed if the
/// function is never called. (Not so an object that floats: some functions take it over and
/// others borrow it, and C does not tell which.)
class GAWAIT_API variant_argument {
public:
    variant_argument(GVariant* given) noexcept
        : value_(given), floats_(given && g_variant_is_floating(given)) {}
    variant_argument(variant_argument&& other) noexcept
        : value_(std::exchange(other.value_, nullptr)),
          floats_(std::exchange(other.floats_, false)) {}
    variant_argument& operator=(variant_argument&&) = delete;

    ~variant_argument() {
        if (floats_)
            g_variant_unref(value_);
    }

    /// Hands it over; what floated can be handed over once.
    operator GVariant*() noexcept {
        return std::exchange(floats_, false) ? std::exchange(value_, nullptr) : value_;
    }

private:
    GVariant* value_;
    bool floats_;
};

template <class T> struct stored_argument {
    using type = T;
};
template <> struct stored_argument<GVariant*> {
    using type = variant_argument;
};

template <class Tuple> struct stored_arguments;
template <class... P> struct stored_arguments<std::tuple<P...>> {
    using type = std::tuple<typename stored_argument<P>::type...>;
};

/// Calls the start function with the arguments that it was given.
template <class Function> class bound_start {
    using signature = start_signature<Function>;

public:
    template <class Given>
    bound_start(Function start, Given given) noexcept
        : bound_start(start, given, std::make_index_sequence<signature::count>()) {}

    void operator()(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        if constexpr (signature::has_cancellable)
            std::get<signature::cancellable>(parameters_) = cancellable;
        std::get<signature::count - 2>(parameters_) = callback;
        std::get<signature::count - 1>(parameters_) = data;
        std::apply(start_, parameters_);
    }

    gconstpointer function() const noexcept { return reinterpret_cast<gconstpointer>(start_); }

    /// The object whose method this is.
    auto instance() const noexcept { return std::get<0>(parameters_); }

private:
    template <class Given, std::size_t... I>
    bound_start(Function start, Given& given, std::index_sequence<I...>) noexcept
        : start_(start), parameters_(initial<I>(given)...) {}

    template <std::size_t I, class Given>
    static typename signature::template parameter<I> initial(Given& given) noexcept {
        constexpr std::size_t count = std::tuple_size_v<Given>;
        constexpr std::size_t from = signature::argument_for(I, count);
        // Cast, lest a literal 10 for a size makes a warning in here.
        if constexpr (from < count)
            return static_cast<typename signature::template parameter<I>>(
                std::get<from>(std::move(given)));
        else if constexpr (signature::has_priority() && I + 1 == signature::cancellable)
            return G_PRIORITY_DEFAULT;
        else
            return nullptr; // set when the function is called
    }

    Function start_;
    typename stored_arguments<typename signature::parameters>::type parameters_;
};

/// Whether the C function behind it is known.
template <class Start>
concept has_function = requires(const Start& start) {
    { start.function() } noexcept -> std::same_as<gconstpointer>;
};

/// Whether the first parameter of the start function is that of the finish function:
/// the object whose method the operation is.
template <class Start, class Finish> constexpr bool is_method = false;

template <class Function, class Finish>
    requires(finish_signature<Finish>::has_source)
constexpr bool is_method<bound_start<Function>, Finish> = start_signature<
    Function>::template takes_first<typename finish_signature<Finish>::template parameter<0>>();

/// The awaiter of `async()`. It may be moved until it is awaited.
template <class Result, class Start, class Finish> class [[nodiscard]] operation : operation_base {
    using signature = finish_signature<Finish>;
    using value_type = typename operation_result<Result, Finish>::type;

public:
    operation(Start start, Finish finish) noexcept
        : operation_base(has_function<Start> ? operation_base::begun_by_function
                                             : operation_base::ended_by_function,
                         function_of(start, finish)),
          start_(std::move(start)), finish_(finish) {}

    bool await_ready() const noexcept { return instance_is_null(); }

    template <has_environment Promise> bool await_suspend(std::coroutine_handle<Promise> awaiting) {
        return begin(awaiting, awaiting.promise().env(), start_);
    }

    value_type await_resume() { return await_result().value(); }

    /// What `as_result()` gives.
    result<value_type> await_result() noexcept {
        if (instance_is_null())
            return null_instance_error();
        if (!ended())
            return cancelled();
        return finish(std::make_index_sequence<signature::outs>());
    }

private:
    /// The C function that it is known by: that which begins it, or else that which ends it.
    static gconstpointer function_of(const Start& start, Finish finish) noexcept {
        if constexpr (has_function<Start>)
            return start.function();
        else
            return reinterpret_cast<gconstpointer>(finish);
    }

    bool instance_is_null() const noexcept {
        if constexpr (is_method<Start, Finish>)
            return !start_.instance();
        else
            return false;
    }

    /// What comes first in the call of the finish function.
    auto leading_arguments() const noexcept {
        if constexpr (!signature::has_source)
            return std::tuple(async_result());
        else if constexpr (is_method<Start, Finish>)
            return std::tuple(start_.instance(), async_result());
        else
            return std::tuple(reinterpret_cast<typename signature::template parameter<0>>(source()),
                              async_result());
    }

    template <std::size_t... I> result<value_type> finish(std::index_sequence<I...>) noexcept {
        std::tuple<typename signature::template out<I>...> outs{};
        GError* failure = nullptr;
        const auto call = [&](auto... leading) {
            if constexpr (signature::has_error)
                return finish_(leading..., &std::get<I>(outs)..., &failure);
            else
                return finish_(leading..., &std::get<I>(outs)...);
        };
        if constexpr (std::is_void_v<typename signature::returned>) {
            std::apply(call, leading_arguments());
            return wrap(failure, std::get<I>(outs)...);
        } else if constexpr (signature::returns_success || std::is_void_v<value_type>) {
            if (!std::apply(call, leading_arguments()) && !failure) [[unlikely]]
                return no_error_set_error();
            return wrap(failure, std::get<I>(outs)...);
        } else {
            auto returned = std::apply(call, leading_arguments());
            return wrap(failure, std::move(returned), std::get<I>(outs)...);
        }
    }

    template <class... C> result<value_type> wrap(GError* failure, C... values) noexcept {
        if (failure) [[unlikely]] {
            error owned(failure);
            if (is_cancellation(owned))
                return cancelled();
            return owned;
        }
        if constexpr (std::is_void_v<value_type>)
            return {};
        else if constexpr (std::is_same_v<Result, deduced>)
            return value_type(adopted<C>::from(std::move(values))...);
        else
            return make_result<value_type>(values...);
    }

    Start start_;
    Finish finish_;
};

// Evaluated at the call, and so ahead of the operation's type, whose errors would hide these.

template <class T>
concept has_c_str = requires(const T& text) { text.c_str(); };

template <std::size_t Number, class Argument, class Parameter> consteval void check_argument() {
    if constexpr (has_c_str<std::remove_cvref_t<Argument>>)
        static_assert(std::is_convertible_v<Argument, Parameter>,
                      "gawait::async: this argument is a C++ string, and the start function takes "
                      "a C string: hand over its c_str()");
    else
        static_assert(std::is_convertible_v<Argument, Parameter>,
                      "gawait::async: this argument does not convert to the parameter of the start "
                      "function that it is for (the types are named here as Argument and "
                      "Parameter)");
}

template <class Signature, class... Args, std::size_t... I>
consteval void check_arguments(std::index_sequence<I...>) {
    (check_argument<
         I, Args,
         typename Signature::template parameter<Signature::position(I, sizeof...(Args))>>(),
     ...);
}

/// Whether a pointer that C gives may be taken for a `ref<To>`: it is one, it is an object of a
/// class that may be derived from or be the base of that, or C does not tell.
template <class C, class To>
constexpr bool can_be = std::is_same_v<C, To> || std::is_void_v<C> || (gobject<C> && gobject<To>);

template <class Ref> using referred_t = std::remove_pointer_t<decltype(std::declval<Ref>().get())>;

template <class Result, class Returned, class... C>
consteval void check_result(const std::tuple<C...>* /*of the C values*/) {
    if constexpr (std::is_same_v<Result, deduced>)
        static_assert(!(is_list<C> || ...),
                      "gawait::async: say what the list holds, and that you own it: "
                      "async<gawait::list<GFileInfo>>(...)");
    else if constexpr (std::is_void_v<Result>)
        static_assert((std::is_void_v<Returned> || std::is_same_v<Returned, gboolean>) &&
                          (!std::is_pointer_v<C> && ...),
                      "gawait::async: async<void>(...) is for a finish function that returns "
                      "void or a gboolean and gives nothing that must be freed");
    else if constexpr (is_ref<Result>::value) {
        static_assert(sizeof...(C) == 1 && (std::is_pointer_v<C> && ...),
                      "gawait::async: a ref takes over one pointer, and the finish function "
                      "gives something else");
        static_assert(sizeof...(C) != 1 ||
                          (can_be<std::remove_pointer_t<C>, referred_t<Result>> && ...),
                      "gawait::async: the finish function does not give such a ref. If both are "
                      "GObjects, the library must know: template <> struct "
                      "gawait::ref_traits<Type> : gawait::gobject_traits<Type> {};");
    } else
        static_assert(std::is_nothrow_constructible_v<Result, C...>,
                      "gawait::async: the result type must have a noexcept constructor that takes "
                      "over what the finish function returns and its out-arguments");
}

template <class Result, class Finish> consteval void check_finish() {
    using signature = finish_signature<Finish>;
    static_assert(signature::valid, "gawait::async: the second argument must be a finish function: "
                                    "([source,] GAsyncResult*, [out-arguments...,] [GError**])");
    using c_types = typename finish_values<signature>::c_types;
    check_result<Result, typename signature::returned>(static_cast<const c_types*>(nullptr));
}

} // namespace detail

/// Awaits an asynchronous operation of any GLib-style C library, by the two functions
/// that it is made of.
///
///     auto stream = co_await async(g_file_read_async, g_file_read_finish, file);
///     auto [contents, length, etag] =
///         co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
///
/// @param start the function that begins it, ending in `GAsyncReadyCallback, gpointer`.
/// @param finish the function that gives its result.
/// @param args what `start` takes, without its `GCancellable*`, callback and user data.
///     The I/O priority of a method of GIO's streams and files (and of `GAsyncInitable`)
///     may be left out and is then `G_PRIORITY_DEFAULT`; of all other functions each
///     argument is said. Pointers are borrowed, and used when the operation is awaited:
///     await it in the same expression, or keep alive what they point to. A `GVariant` that
///     floats is handed to C as it is, and freed if that never happens, as when the task was
///     cancelled before.
///
/// The await gives what `finish` returns and its out-arguments, in this order, as
/// `adopted` makes it; several of them as a `std::tuple`. A `gboolean` beside
/// out-arguments is left out. A first template argument says otherwise:
/// `async<list<GFileInfo>>(...)`; `async<void>(...)` drops a `gboolean` that says no more
/// than the error does. A type of your own is constructed from all values and owns them; it
/// is needed where C only lends something, as `g_socket_listener_accept_finish()` does.
///
/// The operation gets the task's `GCancellable`. When that is cancelled the await goes on
/// until the operation has called back, so that buffers may be on the coroutine's frame.
/// The library allocates nothing for it.
///
/// @throws cancelled if the task was cancelled and the operation ended because of it, or
///     was not begun. What it achieved in spite of that is returned.
/// @throws error the `GError` of `finish`; `G_IO_ERROR_INVALID_ARGUMENT` if the object
///     whose method this is is null (where a library allows that, hand over a lambda);
///     `G_IO_ERROR_FAILED` if `finish` returned false beside out-arguments, or in the form
///     `async<void>`, but set no `GError`. A null or negative result without a `GError` is
///     returned as it is: to many functions it means "the end".
template <class Result = deduced, class Start, class Finish, class... Args>
    requires std::is_function_v<Start>
auto async(Start* start, Finish* finish, Args&&... args) {
    using signature = detail::start_signature<Start*>;
    static_assert(signature::valid, "gawait::async: the first argument must be a start function "
                                    "that ends in (..., GAsyncReadyCallback, gpointer); for any "
                                    "other, hand over a lambda that calls it");
    constexpr std::size_t given = sizeof...(Args);
    static_assert(given <= signature::most_arguments,
                  "gawait::async: too many arguments for the start function; leave out its "
                  "GCancellable, callback and user data");
    static_assert(given + (signature::has_priority() ? 1 : 0) >= signature::most_arguments,
                  "gawait::async: too few arguments for the start function (only the I/O priority "
                  "of GIO's streams and files may be left out)");
    detail::check_arguments<signature, Args...>(std::make_index_sequence<given>());
    detail::check_finish<Result, Finish*>();
    using bound = detail::bound_start<Start*>;
    return detail::operation<Result, bound, Finish*>(
        bound(start, std::forward_as_tuple(std::forward<Args>(args)...)), finish);
}

/// The general form, for a start function of an unusual shape (variadic, say).
///
/// @param start called with the `GCancellable*`, `GAsyncReadyCallback` and `gpointer` to
///     hand to the start function, when the operation is awaited. It must either begin the
///     operation or throw.
///
/// With g++ 12 a lambda written inside the `co_await` expression must not capture by copy
/// anything that has a destructor (see docs/reference/compilers.md).
template <class Result = deduced,
          std::invocable<GCancellable*, GAsyncReadyCallback, gpointer> Start, class Finish>
    requires(!std::is_function_v<std::remove_pointer_t<Start>>)
auto async(Start start, Finish* finish) {
    detail::check_finish<Result, Finish*>();
    return detail::operation<Result, Start, Finish*>(std::move(start), finish);
}

} // namespace gawait
