#pragma once

#include <gio/gio.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

namespace gawait {

/// How a reference to a `T` is taken and dropped. The primary template is for
/// GObjects; a library with reference-counted types of another kind specialises it.
template <class T> struct ref_traits {
    static void ref(T* object) noexcept { g_object_ref(object); }
    static void unref(T* object) noexcept { g_object_unref(object); }
};

/// `ref_traits` by a pair of functions.
template <class T, auto Ref, auto Unref> struct ref_functions {
    static void ref(T* object) noexcept { Ref(object); }
    static void unref(T* object) noexcept { Unref(object); }
};

template <> struct ref_traits<GBytes> : ref_functions<GBytes, g_bytes_ref, g_bytes_unref> {};
template <>
struct ref_traits<GVariant> : ref_functions<GVariant, g_variant_ref, g_variant_unref> {};
template <>
struct ref_traits<GDateTime> : ref_functions<GDateTime, g_date_time_ref, g_date_time_unref> {};
template <>
struct ref_traits<GTimeZone> : ref_functions<GTimeZone, g_time_zone_ref, g_time_zone_unref> {};
template <> struct ref_traits<GSource> : ref_functions<GSource, g_source_ref, g_source_unref> {};
template <>
struct ref_traits<GMainContext>
    : ref_functions<GMainContext, g_main_context_ref, g_main_context_unref> {};
template <>
struct ref_traits<GMainLoop> : ref_functions<GMainLoop, g_main_loop_ref, g_main_loop_unref> {};
template <>
struct ref_traits<GHashTable> : ref_functions<GHashTable, g_hash_table_ref, g_hash_table_unref> {};
template <>
struct ref_traits<GPtrArray> : ref_functions<GPtrArray, g_ptr_array_ref, g_ptr_array_unref> {};
template <>
struct ref_traits<GByteArray> : ref_functions<GByteArray, g_byte_array_ref, g_byte_array_unref> {};
template <> struct ref_traits<GUri> : ref_functions<GUri, g_uri_ref, g_uri_unref> {};
template <>
struct ref_traits<GKeyFile> : ref_functions<GKeyFile, g_key_file_ref, g_key_file_unref> {};
template <> struct ref_traits<GArray> : ref_functions<GArray, g_array_ref, g_array_unref> {};
template <>
struct ref_traits<GDBusNodeInfo>
    : ref_functions<GDBusNodeInfo, g_dbus_node_info_ref, g_dbus_node_info_unref> {};

/// Not counted: a `ref` or `list` of it can be moved and not copied.
template <> struct ref_traits<GSrvTarget> {
    static void unref(GSrvTarget* target) noexcept { g_srv_target_free(target); }
};

/// Owns one reference to a GObject, or to another reference-counted GLib type.
///
/// Converts to `T*` by itself, so that it can be handed to any C function that
/// borrows its argument.
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
    T* get() const noexcept { return object_; }
    operator T*() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }

    /// Gives the reference to the caller.
    [[nodiscard]] T* release() noexcept { return std::exchange(object_, nullptr); }

private:
    explicit ref(T* owned) noexcept : object_(owned) {}

    T* object_ = nullptr;
};

/// Watches a GObject without keeping it alive. From any thread.
template <class T> class weak_ref {
public:
    /// @param object may be null.
    explicit weak_ref(T* object) noexcept { g_weak_ref_init(&weak_, object); }
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

    iterator begin() const noexcept { return iterator(first_); }
    iterator end() const noexcept { return iterator(); }
    bool empty() const noexcept { return !first_; }

    /// Counts, which takes time in proportion.
    std::size_t size() const noexcept { return g_list_length(first_); }

    /// Borrowed.
    GList* get() const noexcept { return first_; }

private:
    GList* first_ = nullptr;
};

} // namespace gawait
