#pragma once

#include "gawait/ref.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace gawait {

/// Where a handle has its object. Known are pointers, `ref`, and what has a `gobj()` behind a
/// `->`, as glibmm's objects have: `Glib::RefPtr<Gio::File>`, `Gtk::Window*`. For a smart pointer
/// of another kind, say so:
///
///     template <class T> struct gawait::handle_traits<my_ptr<T>> {
///         static T* get(const my_ptr<T>& handle) noexcept { return handle.address(); }
///     };
template <class Handle> struct handle_traits;

namespace detail {

template <class Handle>
concept has_gobj_behind = requires(const Handle& handle) {
    { handle->gobj() } -> std::convertible_to<const void*>;
};

} // namespace detail

template <class T> struct handle_traits<T*> {
    static T* get(T* object) noexcept { return object; }
};

template <> struct handle_traits<std::nullptr_t>;

template <class T> struct handle_traits<ref<T>> {
    static T* get(const ref<T>& object) noexcept { return object.get(); }
};

template <detail::has_gobj_behind Handle> struct handle_traits<Handle> {
    static auto get(const Handle& handle) noexcept {
        return handle ? handle->gobj() : decltype(handle->gobj())(nullptr);
    }
};

template <class T>
    requires detail::has_gobj_behind<T*>
struct handle_traits<T*> {
    static auto get(T* object) noexcept { return object ? object->gobj() : nullptr; }
};

/// Of which classes and interfaces, other than `GObject`, an object of the class `T` is one
/// besides, where the compiler does not see that its structure begins with theirs. `gawait-gen`
/// writes it for the classes of a namespace; for a class of your own:
///
///     template <> struct gawait::bases<MyWindow> : gawait::derives_from<GtkWindow, GtkWidget> {};
template <class T> struct bases {
    template <class Base> static constexpr bool has = false;
};

/// `bases` of a class, all of them.
template <class... Bases> struct derives_from {
    template <class Base> static constexpr bool has = (std::is_same_v<Base, Bases> || ...);
};

namespace detail {

template <class T, class Base> consteval bool is_one() {
    using plain = std::remove_const_t<T>;
    if constexpr (std::is_convertible_v<T*, Base*> || // the same, or const
                  bases<plain>::template has<Base>)
        return true;
    else if constexpr (std::is_same_v<Base, GObject>)
        return gobject<plain>;
    else
        return begins_with<plain, Base>();
}

} // namespace detail

/// Whether every `T` is a `Base` too.
template <class T, class Base>
concept is_a = detail::is_one<T, Base>();

template <class Handle>
using handled_t = std::remove_pointer_t<decltype(handle_traits<std::remove_cvref_t<Handle>>::get(
    std::declval<const std::remove_cvref_t<Handle>&>()))>;

/// What holds, or points to, a `T` or something derived from it; or is null, as `nullptr` is.
template <class Handle, class T>
concept handle_to =
    std::is_same_v<std::remove_cvref_t<Handle>, std::nullptr_t> || is_a<handled_t<Handle>, T>;

/// A reference of one's own to the object of a handle, as to one of the class `T`, which may be one
/// above its own: `ref_to<GInputStream>(file_stream)`.
template <class T, handle_to<T> Handle> ref<T> ref_to(const Handle& handle) noexcept {
    if constexpr (std::is_same_v<Handle, std::nullptr_t>)
        return {};
    else
        return ref<T>::retain(reinterpret_cast<T*>(handle_traits<Handle>::get(handle)));
}

} // namespace gawait
