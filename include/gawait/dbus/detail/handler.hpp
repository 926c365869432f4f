#pragma once

#include "gawait/awaitable.hpp"
#include "gawait/dbus/detail/body.hpp"
#include "gawait/dbus/detail/function_traits.hpp"
#include "gawait/dbus/invocation.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gawait::dbus::detail {

/// What goes out as the answer of a call.
struct answer {
    ref<GVariant> body;
    ref<GUnixFDList> descriptors;
};

// What runs handlers whose types are forgotten.
using method_function = std::function<task<answer>(const invocation& call, GVariant* arguments)>;
using getter_function = std::function<task<answer>()>; // which is a variant
using setter_function = method_function;               // of an argument that is one

template <class T>
constexpr bool is_invocation = std::is_same_v<std::remove_cvref_t<T>, invocation>;

/// What keeps an argument that a handler takes.
template <class T> struct argument_owner {
    using type = T;
};
template <> struct argument_owner<std::string_view> {
    using type = std::string;
};
template <class E> struct argument_owner<std::span<E>> {
    using type = std::vector<std::remove_const_t<E>>;
};

/// A handler's parameters: those that are arguments of the call.
template <class Parameters> struct handler_parameters;
template <class... P> struct handler_parameters<std::tuple<P...>> {
    static constexpr bool has_invocation = false;
    using arguments = std::tuple<typename argument_owner<std::remove_cvref_t<P>>::type...>;
};
template <class First, class... Rest>
    requires is_invocation<First>
struct handler_parameters<std::tuple<First, Rest...>> {
    static constexpr bool has_invocation = true;
    using arguments = typename handler_parameters<std::tuple<Rest...>>::arguments;
};

template <class Returned> struct handler_result {
    using type = Returned;
};
template <awaitable Returned> struct handler_result<Returned> {
    using type = await_result_t<Returned>;
};

template <class Handler>
struct handler_traits
    : handler_parameters<typename function_traits<std::decay_t<Handler>>::parameters> {
    using returned = typename function_traits<std::decay_t<Handler>>::returned;
    using result = std::remove_cvref_t<typename handler_result<returned>::type>;
};

GAWAIT_API answer empty_answer();

/// @tparam Result as what it goes out: a value, a `std::tuple`, a value in a box.
template <class Result, class Value> answer answer_of(const Value& value) {
    answer made;
    made.body =
        ref<GVariant>::adopt(g_variant_ref_sink(body<Result>::make(value, made.descriptors)));
    return made;
}

/// Calls a function, and awaits what it gives, if that is to be awaited.
template <class Sent, class Function> task<answer> answer_from(Function function) {
    using returned = std::invoke_result_t<Function&>;
    if constexpr (awaitable<returned>) {
        if constexpr (std::is_void_v<await_result_t<returned>>) {
            co_await function();
            co_return empty_answer();
        } else {
            const auto value = co_await function();
            co_return answer_of<Sent>(value);
        }
    } else if constexpr (std::is_void_v<returned>) {
        function();
        co_return empty_answer();
    } else {
        co_return answer_of<Sent>(function());
    }
}

/// @tparam Received what comes, a `std::tuple`, or a value in a box.
template <class Received, class Handler>
task<answer> handle(Handler& handler, const invocation& call, GVariant* body_of_call) {
    using traits = handler_traits<Handler>;
    typename traits::arguments arguments(body<Received>::read(body_of_call, call.descriptors()));
    auto function = [&]() -> decltype(auto) {
        return std::apply(
            [&](auto&... each) -> decltype(auto) {
                if constexpr (traits::has_invocation)
                    return handler(call, std::move(each)...);
                else
                    return handler(std::move(each)...);
            },
            arguments);
    };
    // Not in one expression, of which g++ 12 destroys the lambda twice.
    auto answered = answer_from<typename traits::result>(std::ref(function));
    co_return co_await answered;
}

template <class Received, class Handler> method_function method_of(Handler handler) {
    return [kept = std::make_shared<Handler>(std::move(handler))](const invocation& call,
                                                                  GVariant* body_of_call) {
        return handle<Received>(*kept, call, body_of_call);
    };
}

template <class Getter> getter_function getter_of(Getter getter) {
    using value_type = typename handler_traits<Getter>::result;
    static_assert(!std::is_void_v<value_type>,
                  "gawait::dbus: the getter of a property gives its value");
    return [kept = std::make_shared<Getter>(std::move(getter))] {
        return answer_from<boxed<value_type>>(std::ref(*kept));
    };
}

} // namespace gawait::dbus::detail
