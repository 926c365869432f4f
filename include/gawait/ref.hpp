#pragma once

#include "gawait/detail/api.hpp"

#include <gio/gio.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace gawait {

/// `ref_traits` of a GObject or an interface.
template <class T> struct gobject_traits {
    static void ref(T* object) noexcept { g_object_ref(object); }
    static void unref(T* object) noexcept { g_object_unref(object); }
};

/// `ref_traits` by a pair of functions.
template <class T, auto Ref, auto Unref> struct ref_functions {
    static void ref(T* object) noexcept { Ref(object); }
    static void unref(T* object) noexcept { Unref(object); }
};

/// `ref_traits` of what is not counted but freed: a `ref` or `list` of it can be moved and
/// not copied.
template <class T, auto Free> struct free_function {
    static void unref(T* owned) noexcept { Free(owned); }
};

namespace detail {

template <class T, class Base> consteval bool begins_with();

/// Becomes any structure that begins with a `Base`.
template <class Base> struct any_that_begins_with {
    template <class T>
        requires(std::is_class_v<T> && begins_with<T, Base>())
    operator T() const noexcept;
};

/// Becomes nothing, unless that takes whatever there is, as a `std::any` does.
struct no_structure {};

template <class T>
concept visible_structure = std::is_class_v<T> && requires { sizeof(T); } && std::is_aggregate_v<T>;

/// Whether the structure is seen to be that of an object of the class `Base`: its first member is
/// a `Base` or another such structure, whatever the name. (Aggregate initialisation begins with
/// it.)
template <class T, class Base> consteval bool begins_with() {
    if constexpr (std::is_same_v<T, Base>)
        return true;
    else if constexpr (visible_structure<T>)
        return requires { T{any_that_begins_with<Base>()}; } && !requires { T{no_structure()}; };
    else
        return false;
}

} // namespace detail

/// How a reference to a `T` is taken and dropped.
///
/// Known are the types of GLib, GObject and GIO, and every GObject whose structure the compiler
/// sees and that begins with its parent's, as a derivable type's does. What C code hides, as the
/// structure of a final type or an interface, looks like any other struct. So for your own, and
/// for other libraries', say once what it is; the library does not guess:
///
///     template <> struct gawait::ref_traits<GtkLabel> : gawait::gobject_traits<GtkLabel> {};
///     template <>
///     struct gawait::ref_traits<Rgba> : gawait::free_function<Rgba, rgba_free> {};
///     template <>
///     struct gawait::ref_traits<Font> : gawait::ref_functions<Font, font_ref, font_unref> {};
template <class T> struct ref_traits {
    static void ref(T* /*object*/) noexcept { unknown(); }
    static void unref(T* /*object*/) noexcept { unknown(); }

private:
    static void unknown() noexcept {
        static_assert(!std::is_same_v<T, T>,
                      "gawait: specialise ref_traits for this type, of which it is not known how a "
                      "reference is dropped. Of a GObject or an interface: template <> struct "
                      "gawait::ref_traits<Type> : gawait::gobject_traits<Type> {};");
    }
};

template <class T>
    requires(detail::begins_with<T, GObject>())
struct ref_traits<T> : gobject_traits<T> {};

template <> struct ref_traits<GArray> : ref_functions<GArray, g_array_ref, g_array_unref> {};
template <>
struct ref_traits<GByteArray> : ref_functions<GByteArray, g_byte_array_ref, g_byte_array_unref> {};
template <>
struct ref_traits<GHashTable> : ref_functions<GHashTable, g_hash_table_ref, g_hash_table_unref> {};
template <>
struct ref_traits<GPtrArray> : ref_functions<GPtrArray, g_ptr_array_ref, g_ptr_array_unref> {};
template <>
struct ref_traits<GParamSpec> : ref_functions<GParamSpec, g_param_spec_ref, g_param_spec_unref> {};
template <> struct ref_traits<GValue> {
    static void unref(GValue* owned) noexcept { g_boxed_free(G_TYPE_VALUE, owned); }
};

/// Whether a `T` is known to be a GObject or an interface.
template <class T>
concept gobject = std::derived_from<ref_traits<T>, gobject_traits<T>>;

/// Owns one reference to a GObject, or to another reference-counted GLib type.
///
/// Converts to `T*` by itself, so that it can be handed to any C function that
/// borrows its argument. A pointer kept of a temporary `ref` dangles; clang warns of that.
template <class T> class ref {
public:
    ref() noexcept = default;
    ref(std::nullptr_t) noexcept {}

    /// Takes over a reference ("transfer full"). Null gives an empty `ref`.
    static ref adopt(T* object) noexcept { return ref(object); }

    /// Takes a reference of its own ("transfer none"). Null gives an empty `ref`.
    static ref retain(T* object) noexcept {
        if (object)
            ref_traits<T>::ref(object);
        return ref(object);
    }

    ref(const ref& other) noexcept : ref(retain(other.object_)) {}
    ref(ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

    ref& operator=(ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    ~ref() {
        if (object_)
            ref_traits<T>::unref(object_);
    }

    /// Borrowed.
    T* get() const noexcept GAWAIT_LIFETIMEBOUND { return object_; }
    operator T*() const noexcept GAWAIT_LIFETIMEBOUND { return object_; }
    T* operator->() const noexcept GAWAIT_LIFETIMEBOUND { return object_; }

    /// Gives the reference to the caller.
    [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

private:
    explicit ref(T* owned) noexcept : object_(owned) {}

    T* object_ = nullptr;
};

/// Takes over a reference to whatever it is: `adopt(g_file_new_for_path("notes.txt"))` is a
/// `ref<GFile>`.
template <class T> [[nodiscard]] ref<T> adopt(T* object) noexcept { return ref<T>::adopt(object); }

/// Watches a GObject without keeping it alive. From any thread.
template <class T> class weak_ref {
public:
    /// @param object may be null.
    explicit weak_ref(T* object) noexcept {
        static_assert(gobject<T>,
                      "gawait::weak_ref: this type is not known to be a GObject or an interface. "
                      "If it is: template <> struct gawait::ref_traits<Type> : "
                      "gawait::gobject_traits<Type> {};");
        g_weak_ref_init(&weak_, object);
    }
    weak_ref(const weak_ref&) = delete;
    weak_ref& operator=(const weak_ref&) = delete;
    ~weak_ref() { g_weak_ref_clear(&weak_); }

    /// The object, or an empty `ref` once it was finalised.
    ref<T> lock() noexcept { return ref<T>::adopt(static_cast<T*>(g_weak_ref_get(&weak_))); }

private:
    GWeakRef weak_;
};

/// Frees with `g_free()`.
struct g_free_deleter {
    void operator()(void* memory) const noexcept { g_free(memory); }
};

/// Frees with `g_strfreev()`.
struct g_strfreev_deleter {
    void operator()(char** strings) const noexcept { g_strfreev(strings); }
};

/// Owns memory of GLib's allocator.
template <class T> using unique_g_ptr = std::unique_ptr<T, g_free_deleter>;

/// Owns a string of GLib's allocator, or is null.
using unique_string = unique_g_ptr<char>;

/// Owns a null-terminated array of strings, or is null.
using unique_strv = std::unique_ptr<char*, g_strfreev_deleter>;

/// Owns a `GList` and a reference to each element of it ("transfer full").
template <class T> class list {
public:
    class iterator {
    public:
        using value_type = T*;
        using difference_type = std::ptrdiff_t;

        iterator() noexcept = default;
        explicit iterator(GList* at) noexcept : at_(at) {}

        /// Borrowed.
        T* operator*() const noexcept { return static_cast<T*>(at_->data); }

        iterator& operator++() noexcept {
            at_ = at_->next;
            return *this;
        }

        iterator operator++(int) noexcept { return iterator(std::exchange(at_, at_->next)); }
        bool operator==(const iterator&) const noexcept = default;

    private:
        GList* at_ = nullptr;
    };

    list() noexcept = default;

    /// Takes over the list and its elements. Null is the empty list.
    explicit list(GList* owned) noexcept : first_(owned) {}

    list(list&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}

    list& operator=(list other) noexcept {
        std::swap(first_, other.first_);
        return *this;
    }

    ~list() {
        g_list_free_full(first_,
                         [](gpointer each) { ref_traits<T>::unref(static_cast<T*>(each)); });
    }

    iterator begin() const noexcept GAWAIT_LIFETIMEBOUND { return iterator(first_); }
    iterator end() const noexcept { return iterator(); }
    bool empty() const noexcept { return !first_; }

    /// Counts, which takes time in proportion.
    std::size_t size() const noexcept { return g_list_length(first_); }

    /// Borrowed.
    GList* get() const noexcept GAWAIT_LIFETIMEBOUND { return first_; }

private:
    GList* first_ = nullptr;
};

} // namespace gawait

#include "gawait/detail/gio_types.hpp" // IWYU pragma: export
