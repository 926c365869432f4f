#pragma once

#include <tuple>
#include <type_traits>

namespace gawait::dbus::detail {

/// What a callable that is no template takes and returns.
template <class Function>
struct function_traits : function_traits<decltype(&Function::operator())> {};

template <class R, class... P> struct function_traits<R (*)(P...)> {
    using returned = R;
    using parameters = std::tuple<P...>;
};
template <class R, class... P>
struct function_traits<R (*)(P...) noexcept> : function_traits<R (*)(P...)> {};
template <class C, class R, class... P>
struct function_traits<R (C::*)(P...)> : function_traits<R (*)(P...)> {};
template <class C, class R, class... P>
struct function_traits<R (C::*)(P...) const> : function_traits<R (*)(P...)> {};
template <class C, class R, class... P>
struct function_traits<R (C::*)(P...) noexcept> : function_traits<R (*)(P...)> {};
template <class C, class R, class... P>
struct function_traits<R (C::*)(P...) const noexcept> : function_traits<R (*)(P...)> {};

} // namespace gawait::dbus::detail
