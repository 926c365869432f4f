#pragma once

#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gawait {

/// Owns an array of numbers in memory of GLib's allocator, or is empty. One of `char` converts to
/// a `std::string_view`; GIO puts a NUL behind it, which does not count.
template <class T> class unique_array {
public:
    unique_array() noexcept = default;

    /// Takes over `data`, which may be null if `size` is 0.
    unique_array(T* data, std::size_t size) noexcept : data_(data), size_(size) {}

    unique_array(unique_array&& other) noexcept
        : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

    unique_array& operator=(unique_array other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }

    T* data() const noexcept GAWAIT_LIFETIMEBOUND { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T* begin() const noexcept GAWAIT_LIFETIMEBOUND { return data(); }
    T* end() const noexcept GAWAIT_LIFETIMEBOUND { return data() + size_; }
    T& operator[](std::size_t index) const noexcept GAWAIT_LIFETIMEBOUND { return data()[index]; }

    operator std::span<T>() const noexcept GAWAIT_LIFETIMEBOUND { return {data(), size_}; }

    operator std::string_view() const noexcept GAWAIT_LIFETIMEBOUND
        requires std::is_same_v<T, char>
    {
        return {data(), size_};
    }

    /// Gives the memory to the caller, who frees it with `g_free()`.
    [[nodiscard]] T* release() noexcept {
        size_ = 0;
        return data_.release();
    }

private:
    unique_g_ptr<T> data_;
    std::size_t size_ = 0;
};

/// A reference to a `GPtrArray` of pointers to `T`.
template <class T> class ptr_array {
public:
    ptr_array() noexcept = default;
    explicit ptr_array(ref<GPtrArray> array) noexcept : array_(std::move(array)) {}

    std::size_t size() const noexcept { return array_ ? array_->len : 0; }
    bool empty() const noexcept { return size() == 0; }
    T* const* begin() const noexcept GAWAIT_LIFETIMEBOUND {
        return array_ ? reinterpret_cast<T* const*>(array_->pdata) : nullptr;
    }
    T* const* end() const noexcept GAWAIT_LIFETIMEBOUND { return begin() + size(); }

    /// Borrowed.
    T* operator[](std::size_t index) const noexcept GAWAIT_LIFETIMEBOUND { return begin()[index]; }

    /// Borrowed.
    GPtrArray* get() const noexcept GAWAIT_LIFETIMEBOUND { return array_.get(); }

private:
    ref<GPtrArray> array_;
};

namespace detail {

// What the finish functions give, as what owns it in C++ ---------------------------

/// An object that C gives, of the class that it is known to be of.
template <class T, class C> ref<T> take(C* owned) noexcept {
    return ref<T>::adopt(reinterpret_cast<T*>(owned));
}

/// An object that C lends.
template <class T, class C> ref<T> share(C* lent) noexcept {
    return ref<T>::retain(reinterpret_cast<T*>(lent));
}

/// A struct that C lends and that can only be copied.
template <class T, class Copied> ref<T> copied(T* lent, Copied* copy(const T*)) {
    return ref<T>::adopt(lent ? copy(lent) : nullptr);
}
template <class T, class Copied> ref<T> copied(T* lent, Copied* copy(T*)) {
    return ref<T>::adopt(lent ? copy(lent) : nullptr);
}

/// A struct that C lends and that GObject copies.
template <class T> ref<T> copied_boxed(T* lent, GType type) {
    return ref<T>::adopt(lent ? static_cast<T*>(g_boxed_copy(type, lent)) : nullptr);
}

inline unique_string take_string(char* owned) noexcept { return unique_string(owned); }
inline unique_string share_string(const char* lent) { return unique_string(g_strdup(lent)); }

inline unique_strv take_strings(char** owned) noexcept { return unique_strv(owned); }
inline unique_strv share_strings(const char* const* lent) {
    return unique_strv(g_strdupv(const_cast<char**>(lent)));
}

/// Of which the array is given, and its strings are lent.
inline unique_strv take_array_of_strings(char** owned) {
    unique_strv copy = share_strings(owned);
    g_free(static_cast<void*>(owned));
    return copy;
}

struct slist_deleter {
    void operator()(GSList* list) const noexcept { g_slist_free(list); }
};

struct list_deleter {
    void operator()(GList* list) const noexcept { g_list_free(list); }
};

/// The elements of a list, in a `GList`: each with a reference of its own if they are lent.
template <class T, class List> list<T> listed(const List* elements, bool lent) {
    GList* copy = nullptr;
    for (const List* at = elements; at; at = at->next)
        copy = g_list_prepend(copy, lent ? ref<T>::retain(static_cast<T*>(at->data)).release()
                                         : at->data);
    return list<T>(g_list_reverse(copy));
}

/// A list that C gives with its elements.
template <class T> list<T> take_list(GList* owned) noexcept { return list<T>(owned); }
template <class T> list<T> take_list(GSList* owned) {
    const std::unique_ptr<GSList, slist_deleter> cells(owned);
    return listed<T>(owned, false);
}

/// A list that C gives, and lends its elements.
template <class T> list<T> take_cells(GList* owned) {
    const std::unique_ptr<GList, list_deleter> cells(owned);
    return listed<T>(owned, true);
}
template <class T> list<T> take_cells(GSList* owned) {
    const std::unique_ptr<GSList, slist_deleter> cells(owned);
    return listed<T>(owned, true);
}

/// A list that C lends.
template <class T, class List> list<T> share_list(const List* lent) {
    return listed<T>(lent, true);
}

/// A list of strings that C gives with them.
template <class List> std::vector<unique_string> take_list_of_strings(List* owned) {
    std::vector<unique_string> strings;
    for (List* at = owned; at; at = at->next)
        strings.emplace_back(static_cast<char*>(at->data));
    if constexpr (std::is_same_v<List, GList>)
        g_list_free(owned);
    else
        g_slist_free(owned);
    return strings;
}

/// An array that C lends.
template <class T> unique_array<T> share_array(const T* lent, std::size_t size) {
    return unique_array<T>(static_cast<T*>(g_memdup2(lent, size * sizeof(T))), size);
}

// What an operation that failed leaves in arguments that go in and come out -------

/// Of what C lends, nothing.
template <class... T> void forget(T*&... lent) noexcept { ((lent = nullptr), ...); }

inline void free_container(const char* const* strings) noexcept {
    g_free(const_cast<void*>(static_cast<const void*>(strings)));
}
inline void free_container(GList* elements) noexcept { g_list_free(elements); }
inline void free_container(GSList* elements) noexcept { g_slist_free(elements); }

/// Containers that C gives, though it lends what is in them.
template <class... Container> void free_containers(Container*&... given) noexcept {
    (free_container(std::exchange(given, nullptr)), ...);
}

} // namespace detail
} // namespace gawait
