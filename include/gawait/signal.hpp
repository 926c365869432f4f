#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/detail/kept_call.hpp"
#include "gawait/emissions.hpp"
#include "gawait/gvalue.hpp"
#include "gawait/scope.hpp"
#include "gawait/task.hpp"
#include "gawait/thread_channel.hpp"

#include <array>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait {

/// How many emissions are kept between two steps, if nothing else is said.
inline constexpr std::size_t kept_emissions = 1024;

/// How a coroutine handles emissions.
struct handling {
    /// Whether each emission begins a task of its own at once. Otherwise the handler runs for one
    /// at a time.
    bool side_by_side = false;

    /// Whether each emission cancels the task of the one before. It begins when that has ended, so
    /// that the handler runs for one at a time; `side_by_side` says nothing then.
    bool restart = false;

    /// How many emissions wait for that at most; of more the oldest go.
    std::size_t most = kept_emissions;
};

/// A handler that was connected in a scope. Dropping it changes nothing.
class signal_handler {
public:
    signal_handler() noexcept = default;
    explicit signal_handler(std::weak_ptr<detail::signal_connection> connection) noexcept
        : connection_(std::move(connection)) {}

    /// Disconnects the handler, which then begins no more; a coroutine that it began goes on to
    /// its end, and the end of a function's call in another thread is waited for. From any thread,
    /// also within the handler.
    void disconnect() const noexcept {
        if (const auto connection = connection_.lock())
            connection->disconnect();
    }

private:
    std::weak_ptr<detail::signal_connection> connection_;
};

namespace detail {

template <class... T> struct emission {
    using type = std::tuple<T...>;
};
template <class T> struct emission<T> {
    using type = T;
};
template <> struct emission<> {
    using type = std::monostate;
};

/// What an await gives for what `emissions` gives.
template <class T>
using awaited_emission = std::conditional_t<std::is_same_v<T, std::monostate>, void, T>;

/// Whether a handler can be called with an emission.
template <class Handler, class T> struct handles : std::is_invocable<Handler&, T> {};
template <class Handler> struct handles<Handler, std::monostate> : std::is_invocable<Handler&> {};
template <class Handler, class... T>
struct handles<Handler, std::tuple<T...>> : std::is_invocable<Handler&, T...> {};

/// Calls a handler with an emission.
template <class Handler, class T> decltype(auto) handle(Handler& handler, T emission) {
    if constexpr (std::is_same_v<T, std::monostate>)
        return handler();
    else if constexpr (!std::is_invocable_v<Handler&, T>)
        return std::apply(handler, std::move(emission));
    else
        return handler(std::move(emission));
}

template <class T>
task<awaited_emission<T>> next_emission(signal_of signal, typename emission_queue<T>::reader read) {
    require_object(signal);
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    const auto queue = std::make_shared<emission_queue<T>>(read, most);
    signal_connection::connect(queue, signal);
    signal.object = {}; // which is not kept while this waits
    emissions<T> all(queue);
    auto first = co_await all.next();
    if (!first)
        throw signal_gone_error(signal.id);
    if constexpr (!std::is_same_v<T, std::monostate>)
        co_return std::move(*first);
}

template <class T, class Handler> task<> handle_in_turn(emissions<T> all, Handler handler) {
    while (!all.closed()) {
        auto next = co_await all.next();
        if (!next)
            break;
        co_await handle(handler, std::move(*next));
    }
}

template <class T, class Handler> task<> handle_latest(emissions<T> all, Handler handler) {
    std::optional<T> next = co_await all.next();
    while (next && !all.closed()) {
        std::optional<T> later;
        const auto until_the_next = [&](scope& running) -> task<> {
            const auto begin = [&](auto&&... arguments) {
                running.spawn(kept_call<Handler, std::decay_t<decltype(arguments)>...>(
                    handler, std::move(arguments)...));
            };
            handle(begin, std::move(*next));
            later = co_await all.next();
            if (later && !all.closed())
                running.cancel();
        };
        co_await gawait::with_scope(until_the_next);
        next = std::move(later);
    }
}

/// @param called as `scope::spawn()` takes it.
template <class T, class Handler>
task<> handle_side_by_side(emissions<T> all, Handler handler, scope& children, const char* called) {
    const auto begin = [&](auto&&... arguments) {
        children.spawn(kept_call<Handler, std::decay_t<decltype(arguments)>...>(
                           handler, std::move(arguments)...),
                       called);
    };
    while (!all.closed()) {
        auto next = co_await all.next();
        if (!next)
            break;
        handle(begin, std::move(*next));
    }
}

/// Calls a function within the emission.
template <class R, class T, class Function> class called_function final : public signal_connection {
public:
    called_function(typename emission_queue<T>::reader read, Function function)
        : read_(read), function_(std::move(function)) {}

    /// What the function threw, which ends it, or nothing at the end.
    thread_channel<std::exception_ptr>& failed() noexcept { return failed_; }

private:
    void emitted(const GValue* arguments, [[maybe_unused]] GValue* answer) noexcept override {
        try {
            if constexpr (std::is_void_v<R>)
                handle(function_, read_(arguments));
            else
                gvalue_traits<R>::set(answer, handle(function_, read_(arguments)));
        } catch (...) {
            failed_.try_send(std::current_exception());
            this->disconnect();
        }
    }

    void ended() noexcept override { failed_.close(); }

    typename emission_queue<T>::reader read_;
    Function function_;
    thread_channel<std::exception_ptr> failed_{1};
};

template <class Called> task<> until_it_fails(connected<Called> called) {
    const auto failure = co_await called.get("gawait::signal_handler").failed().receive();
    if (failure)
        std::rethrow_exception(*failure);
}

/// What signals and properties have in common: an object tells again and again.
template <class R, class T> class observed {
public:
    /// Waits for the next one. Connected while it is awaited: what comes before is none. What is
    /// awaited is not kept alive, unless it has a name.
    ///
    /// @throws cancelled
    /// @throws error `G_IO_ERROR_CLOSED` if the object is disposed of, or the handler
    ///     disconnected.
    auto operator co_await() && {
        return next_emission<T>(std::move(signal_), read_).operator co_await();
    }
    auto operator co_await() const& { return next_emission<T>(signal_, read_).operator co_await(); }

    /// Calls a handler for each, as a task of a scope, which it keeps open: until the object is
    /// disposed of, the handler is disconnected, or the scope is cancelled. In the scope's thread.
    ///
    /// A function that returns no task is called within the emission, in the thread that emits,
    /// and gives the answer that a signal may want. One that returns a task, as a coroutine does,
    /// is called in the scope's thread, in a later round; so it has no answer to give, and a
    /// signal that wants one refuses it.
    ///
    /// @param handler kept until it is disconnected; copied for each emission, if side by side.
    /// @throws error on another thread than the scope's. What the handler throws is the failure
    ///     of a task of the scope, and disconnects it.
    template <class Handler>
    signal_handler connect(scope& children, Handler handler, handling how = {}) const {
        static_assert(handles<Handler, T>::value,
                      "gawait: the handler does not take the arguments of this signal");
        if constexpr (handles<Handler, T>::value) {
            using given = decltype(handle(handler, std::declval<T>()));
            if constexpr (awaitable<given>) {
                static_assert(std::is_void_v<R>,
                              "gawait: this signal wants an answer, which a coroutine gives too "
                              "late: connect a function that returns it, and may spawn one");
                static_assert(std::is_void_v<await_result_t<given>>,
                              "gawait: nobody would get the value of the handler's task");
                return connect_coroutine(children, std::move(handler), how);
            } else {
                static_assert(std::is_void_v<R> || std::is_convertible_v<given, R>,
                              "gawait: the handler does not return the answer that this signal "
                              "wants");
                return connect_function(children, std::move(handler));
            }
        }
    }

protected:
    using reader = typename emission_queue<T>::reader;

    observed(signal_of signal, reader read) noexcept : signal_(std::move(signal)), read_(read) {}

    gawait::emissions<T> kept(std::size_t most) const {
        return gawait::emissions<T>(connected_queue(most));
    }

    /// @throws error if it was moved from.
    const signal_of& signal() const {
        require_object(signal_);
        return signal_;
    }

private:
    auto connected_queue(std::size_t most) const {
        auto queue = std::make_shared<emission_queue<T>>(read_, most);
        signal_connection::connect(queue, signal());
        return queue;
    }

    template <class Function>
    signal_handler connect_function(scope& children, Function function) const {
        using called = called_function<R, T, Function>;
        const signal_of& connected_to = signal();
        const auto handler = std::make_shared<called>(read_, std::move(function));
        children.spawn(until_it_fails(connected<called>(handler)), handler_of(connected_to));
        signal_connection::connect(handler, connected_to);
        return signal_handler(handler);
    }

    template <class Handler>
    signal_handler connect_coroutine(scope& children, Handler handler, handling how) const {
        const auto queue = connected_queue(how.most);
        gawait::emissions<T> all(queue);
        const char* const called = handler_of(signal_);
        if (how.restart)
            children.spawn(handle_latest(std::move(all), std::move(handler)), called);
        else if (how.side_by_side)
            children.spawn(
                handle_side_by_side(std::move(all), std::move(handler), children, called), called);
        else
            children.spawn(handle_in_turn(std::move(all), std::move(handler)), called);
        return signal_handler(queue);
    }

    signal_of signal_;
    reader read_;
};

} // namespace detail

/// A signal of an object: `object_signal<void(ref<GFile>, GFileMonitorEvent)>`, with the types
/// that `gvalue_traits` has for those of its parameters and of what its handlers return.
///
/// `gawait-gen` writes a function for each signal of a class which gives one of these. The form
/// by name is for any other:
///
///     object_signal<void(int)> moved(slider, "moved");
///     int to = co_await moved;
///
/// It holds a reference to the object, as a `ref` does; what waits or is connected does not.
template <class Signature> class object_signal;

template <class R, class... Arguments>
class object_signal<R(Arguments...)>
    : public detail::observed<R, typename detail::emission<Arguments...>::type> {
    using base = detail::observed<R, typename detail::emission<Arguments...>::type>;

public:
    using value_type = typename detail::emission<Arguments...>::type;

    /// @param object what the signal is of.
    /// @param name of the signal, perhaps with a detail: "notify::title".
    /// @param detail that, said by itself, or null.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT`, with the file and line of the call, if the
    ///     object is null or has no such signal, or the C++ types are others than the signal's.
    object_signal(const emitter<GObject>& object, const char* name, const char* detail = nullptr)
        : base(find(object, name, detail), read) {}

    /// Iterates over the emissions from now on. Whoever wants an answer gets 0 or null, as from
    /// an await.
    ///
    /// @param most how many are kept between two steps; of more the oldest go.
    gawait::emissions<value_type> emissions(std::size_t most = kept_emissions) const {
        return base::kept(most);
    }

private:
    static detail::signal_of find(const emitter<GObject>& object, const char* name,
                                  const char* said_by_itself) {
        const std::string both =
            name && said_by_itself ? std::string(name) + "::" + said_by_itself : std::string();
        const std::array<const detail::gvalue_kind*, sizeof...(Arguments)> parameters{
            &gvalue_traits<Arguments>::kind...};
        const detail::gvalue_kind* answer = nullptr;
        if constexpr (!std::is_void_v<R>)
            answer = &gvalue_traits<R>::kind;
        return detail::find_signal(object, both.empty() ? name : both.c_str(), parameters, answer);
    }

    static value_type read(const GValue* arguments) {
        return read_each(arguments + 1, std::index_sequence_for<Arguments...>());
    }

    template <std::size_t... I>
    static value_type read_each([[maybe_unused]] const GValue* arguments,
                                std::index_sequence<I...> /*indices*/) {
        return value_type(gvalue_traits<Arguments>::get(arguments + I)...);
    }
};

} // namespace gawait
