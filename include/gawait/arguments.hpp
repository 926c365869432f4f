#pragma once

#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gawait {

// What the functions that gawait-gen writes take. Each lives in the operation, and so until that
// has ended: what it owns is there as long as C looks at it. `valid()` tells, before the operation
// begins, whether C may have it.

namespace detail {

/// Whether C sees all of it: there is no NUL within.
inline bool is_whole(std::string_view text) noexcept {
    return text.find('\0') == std::string_view::npos;
}

/// A copy that ends in a NUL.
inline char* copy_for_c(std::string_view text) {
    return g_strndup(text.empty() ? "" : text.data(), text.size());
}

} // namespace detail

/// What an operation can be asked beside its arguments:
/// `file_read(file, {.priority = G_PRIORITY_LOW})`.
struct io_options {
    /// The I/O priority, a GLib priority.
    int priority = G_PRIORITY_DEFAULT;
};

/// A string for C. One that ends in a NUL already is borrowed: a `const char*`, a `std::string`,
/// or any other with a `c_str()`. A `std::string_view` is copied, and so is a temporary. It must
/// not be null nor have a NUL within.
class cstring {
public:
    cstring(const char* borrowed) noexcept : text_(borrowed) {}
    cstring(const unique_string& borrowed) noexcept : text_(borrowed.get()) {}
    cstring(unique_string&& owned) noexcept : owned_(std::move(owned)), text_(owned_.get()) {}
    cstring(std::string_view copied)
        : owned_(detail::copy_for_c(copied)), text_(owned_.get()),
          whole_(detail::is_whole(copied)) {}

    template <class String>
        requires requires(const String& string) {
            { string.c_str() } -> std::convertible_to<const char*>;
        }
    cstring(String&& string) {
        if constexpr (std::is_same_v<std::remove_cvref_t<String>, std::string>)
            whole_ = detail::is_whole(string);
        if constexpr (std::is_lvalue_reference_v<String>) {
            text_ = string.c_str();
        } else {
            owned_.reset(g_strdup(string.c_str()));
            text_ = owned_.get();
        }
    }

    bool valid() const noexcept { return text_ && whole_; }

    /// Borrowed.
    const char* get() const noexcept GAWAIT_LIFETIMEBOUND { return text_; }

    /// A copy, for a function that takes it over.
    char* give() const { return g_strdup(text_); }

protected:
    cstring() noexcept = default;

    bool whole() const noexcept { return whole_; }

private:
    unique_string owned_;
    const char* text_ = nullptr;
    bool whole_ = true;
};

/// A string for C, or null.
class optional_cstring : public cstring {
public:
    optional_cstring() noexcept = default;
    optional_cstring(std::nullptr_t) noexcept {}
    using cstring::cstring;

    bool valid() const noexcept { return whole(); }
};

/// Strings for C, as an array that ends in null: such an array, which is borrowed, or any range
/// of strings, which is copied.
class cstrings {
public:
    cstrings(const char* const* borrowed) noexcept : strings_(const_cast<char**>(borrowed)) {}
    cstrings(char** borrowed) noexcept : strings_(borrowed) {}
    cstrings(const unique_strv& borrowed) noexcept : strings_(borrowed.get()) {}
    cstrings(std::initializer_list<std::string_view> copied) { copy(copied); }

    template <class Range>
        requires requires(const Range& range) {
            { *std::begin(range) } -> std::convertible_to<std::string_view>;
        }
    cstrings(const Range& copied) {
        copy(copied);
    }

    bool valid() const noexcept { return strings_ && whole_; }

    /// Borrowed. C declares such arrays with `const` in all places, and in none.
    char** get() const noexcept GAWAIT_LIFETIMEBOUND { return strings_; }

    /// A copy, for a function that takes it over.
    char** give() const { return g_strdupv(strings_); }

    /// A copy of the array alone, for a function that takes that over and borrows the strings.
    char** give_container() const {
        return static_cast<char**>(
            g_memdup2(static_cast<void*>(strings_), strings_ ? (size() + 1) * sizeof(char*) : 0));
    }

    std::size_t size() const noexcept { return strings_ ? g_strv_length(strings_) : 0; }

protected:
    cstrings() noexcept = default;

    bool whole() const noexcept { return whole_; }

private:
    template <class Range> void copy(const Range& range) {
        const auto count = std::size_t(std::distance(std::begin(range), std::end(range)));
        owned_.reset(g_new0(char*, count + 1));
        strings_ = owned_.get();
        char** to = strings_;
        for (const auto& each : range) {
            const std::string_view text = each;
            whole_ = whole_ && detail::is_whole(text);
            *to++ = detail::copy_for_c(text);
        }
    }

    unique_strv owned_;
    char** strings_ = nullptr;
    bool whole_ = true;
};

/// Strings for C, or null.
class optional_cstrings : public cstrings {
public:
    optional_cstrings() noexcept = default;
    optional_cstrings(std::nullptr_t) noexcept {}
    using cstrings::cstrings;

    bool valid() const noexcept { return whole(); }
};

/// A list for C: a `GList` or `gawait::list`, which are borrowed, or any range of strings (if `T`
/// is `char`) or of handles to a `T`, of which the list has a copy or a reference each. `List` is
/// `GList` or `GSList`. Null and empty are the same.
template <class T, class List> class list_argument {
    static constexpr bool single = std::is_same_v<List, GSList>;

public:
    list_argument() noexcept = default;
    list_argument(std::nullptr_t) noexcept {}
    list_argument(List* borrowed) noexcept : first_(borrowed) {}
    list_argument(const list<T>& borrowed) noexcept
        requires(!single && !std::is_same_v<T, char>)
        : first_(borrowed.get()) {}

    template <class Range>
        requires(!std::is_pointer_v<std::remove_cvref_t<Range>> &&
                 requires(const Range& range) { std::begin(range); })
    list_argument(const Range& range) : owned_(true) {
        for (const auto& each : range)
            prepend(each);
        if constexpr (single)
            first_ = g_slist_reverse(first_);
        else
            first_ = g_list_reverse(first_);
    }

    list_argument(list_argument&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)), owned_(other.owned_), whole_(other.whole_) {
    }
    list_argument& operator=(list_argument&&) = delete;

    ~list_argument() {
        if (!owned_)
            return;
        if constexpr (single)
            g_slist_free_full(first_, drop);
        else
            g_list_free_full(first_, drop);
    }

    bool valid() const noexcept { return whole_; }

    /// Borrowed.
    List* get() const noexcept GAWAIT_LIFETIMEBOUND { return first_; }

    /// A copy with its own strings or references, for a function that takes all of it over.
    List* give() const {
        if constexpr (single)
            return g_slist_copy_deep(first_, copy, nullptr);
        else
            return g_list_copy_deep(first_, copy, nullptr);
    }

    /// A copy of the list alone, for a function that takes that over and borrows its elements.
    List* give_container() const {
        if constexpr (single)
            return g_slist_copy(first_);
        else
            return g_list_copy(first_);
    }

private:
    template <class Element> void prepend(const Element& element) {
        gpointer data = nullptr;
        if constexpr (std::is_same_v<T, char>) {
            const std::string_view text = element;
            whole_ = whole_ && detail::is_whole(text);
            data = detail::copy_for_c(text);
        } else {
            static_assert(handle_to<Element, T>,
                          "gawait: the range holds something else than the C function's list");
            auto* object = reinterpret_cast<T*>(handle_traits<Element>::get(element));
            whole_ = whole_ && object;
            data = object ? ref<T>::retain(object).release() : nullptr;
        }
        if constexpr (single)
            first_ = g_slist_prepend(first_, data);
        else
            first_ = g_list_prepend(first_, data);
    }

    static gpointer copy(gconstpointer data, gpointer /*unused*/) {
        if constexpr (std::is_same_v<T, char>)
            return g_strdup(static_cast<const char*>(data));
        else
            return ref<T>::retain(static_cast<T*>(const_cast<gpointer>(data))).release();
    }

    static void drop(gpointer data) {
        if constexpr (std::is_same_v<T, char>)
            g_free(data);
        else if (data)
            ref_traits<T>::unref(static_cast<T*>(data));
    }

    List* first_ = nullptr;
    bool owned_ = false;
    bool whole_ = true;
};

/// A variant for C. One that floats is taken over, as C would. It must not be null.
class gvariant {
public:
    gvariant(GVariant* given) noexcept : value_(given) {
        if (given && g_variant_is_floating(given))
            owned_ = ref<GVariant>::adopt(g_variant_ref_sink(given));
    }
    gvariant(const ref<GVariant>& borrowed) noexcept : value_(borrowed.get()) {}
    gvariant(ref<GVariant>&& owned) noexcept : owned_(std::move(owned)), value_(owned_.get()) {}

    bool valid() const noexcept { return value_; }

    /// Borrowed.
    GVariant* get() const noexcept GAWAIT_LIFETIMEBOUND { return value_; }

    /// A reference, for a function that takes it over.
    GVariant* give() const noexcept { return ref<GVariant>::retain(value_).release(); }

protected:
    gvariant() noexcept = default;

private:
    ref<GVariant> owned_;
    GVariant* value_ = nullptr;
};

/// A variant for C, or null.
class optional_gvariant : public gvariant {
public:
    optional_gvariant() noexcept = default;
    optional_gvariant(std::nullptr_t) noexcept {}
    using gvariant::gvariant;

    static bool valid() noexcept { return true; }
};

namespace detail {

/// Bytes whose data is not null, though they be empty: GIO would refuse that without ever calling
/// back.
inline GBytes* with_data(GBytes* bytes) noexcept {
    static GBytes* const none = g_bytes_new_static("", 0); // which stays
    return bytes && g_bytes_get_size(bytes) == 0 ? none : bytes;
}

/// The object that a handle holds. A temporary that owns is kept, all others are borrowed.
template <class T, class Handle> class object_argument {
    static constexpr bool kept = !std::is_lvalue_reference_v<Handle> &&
                                 !std::is_pointer_v<Handle> &&
                                 !std::is_same_v<std::remove_cvref_t<Handle>, std::nullptr_t>;
    using stored = std::conditional_t<kept, std::remove_cvref_t<Handle>, T*>;

public:
    object_argument(Handle&& handle) noexcept : stored_(store(std::forward<Handle>(handle))) {}

    bool valid() const noexcept { return get(); }

    /// Borrowed.
    T* get() const noexcept {
        if constexpr (std::is_same_v<T, GBytes>)
            return with_data(address(stored_));
        else
            return address(stored_);
    }

    /// A reference, for a function that takes it over.
    T* give() const noexcept { return ref<T>::retain(get()).release(); }

private:
    template <class Any> static T* address(const Any& handle) noexcept {
        if constexpr (std::is_same_v<Any, std::nullptr_t>)
            return nullptr;
        else if constexpr (std::is_convertible_v<decltype(handle_traits<Any>::get(handle)), T*>)
            return handle_traits<Any>::get(handle);
        else // derived, in a way that C does not tell
            return reinterpret_cast<T*>(handle_traits<Any>::get(handle));
    }

    static stored store(Handle&& handle) noexcept {
        if constexpr (kept)
            return std::forward<Handle>(handle);
        else
            return address(handle);
    }

    stored stored_;
};

/// The elements of a buffer, for C to read or, if `T` is not const, to write. Buffers that are
/// borrowed are those with a name, spans and views; a temporary that owns its elements is kept.
template <class Buffer>
concept view_of_elements =
    std::is_copy_constructible_v<Buffer> && std::is_trivially_destructible_v<Buffer>;

template <class T, class Buffer> consteval bool is_buffer_of() {
    using element = std::remove_pointer_t<decltype(std::data(std::declval<Buffer&>()))>;
    using plain = std::remove_cv_t<element>;
    if constexpr (std::is_const_v<element> && !std::is_const_v<T>)
        return false;
    else if constexpr (std::is_same_v<std::remove_const_t<T>, std::byte>)
        return sizeof(plain) == 1 && std::is_trivially_copyable_v<plain>;
    else
        return std::is_same_v<plain, std::remove_const_t<T>>;
}

} // namespace detail

/// A contiguous range of `T`; any type of one byte is as good as `std::byte`. If `T` is not const
/// it must be a buffer that outlives the call: no temporary that owns its elements.
template <class Buffer, class T>
concept buffer_of =
    requires(std::remove_reference_t<Buffer>& buffer) {
        std::data(buffer);
        std::size(buffer);
    } && detail::is_buffer_of<T, std::remove_reference_t<Buffer>>() &&
    (std::is_const_v<T> || std::is_lvalue_reference_v<Buffer> ||
     detail::view_of_elements<std::remove_cvref_t<Buffer>>);

namespace detail {

template <class Buffer> class buffer_argument {
    // A view is small; what owns its elements and has a name stays where it is.
    static constexpr bool kept = !std::is_lvalue_reference_v<Buffer>;
    using stored =
        std::conditional_t<kept, std::remove_cvref_t<Buffer>, std::remove_reference_t<Buffer>*>;

public:
    buffer_argument(Buffer&& buffer) : stored_(store(std::forward<Buffer>(buffer))) {}

    /// Whether its size is one of an `Integer`.
    template <class Integer> bool fits() const noexcept {
        return std::in_range<Integer>(std::size(held()));
    }

    /// As C wants it, which now and then forgets a `const`. Not null for no elements: GIO would
    /// refuse that without ever calling back.
    template <class C> C* data() noexcept {
        if (std::size(held()) == 0)
            return reinterpret_cast<C*>(this);
        return reinterpret_cast<C*>(
            const_cast<std::remove_const_t<std::remove_pointer_t<decltype(std::data(held()))>>*>(
                std::data(held())));
    }

    /// A copy, for a function that takes it over. Not null for no elements either.
    template <class C> C* give() const {
        const std::size_t bytes = std::size(held()) * sizeof(*std::data(held()));
        void* const copy = g_malloc(std::max<std::size_t>(bytes, 1));
        if (bytes > 0)
            std::memcpy(copy, std::data(held()), bytes);
        return static_cast<C*>(copy);
    }

    template <class Integer> Integer size() const noexcept { return Integer(std::size(held())); }

private:
    static stored store(Buffer&& buffer) {
        if constexpr (kept)
            return std::forward<Buffer>(buffer);
        else
            return std::addressof(buffer);
    }

    auto& held() noexcept {
        if constexpr (kept)
            return stored_;
        else
            return *stored_;
    }
    const auto& held() const noexcept {
        if constexpr (kept)
            return stored_;
        else
            return *stored_;
    }

    stored stored_;
};

/// A callable for a callback of C's that is called while the operation lasts, in the context that
/// it was started in. Its last parameter is the user data. `nullptr` is no callback.
template <class Callable, class Callback> class callback_argument;

template <class Callable, class R, class... P> class callback_argument<Callable, R (*)(P...)> {
    using kept = std::decay_t<Callable>;

public:
    callback_argument(Callable&& callable) : callable_(std::forward<Callable>(callable)) {}

    auto function() const noexcept -> R (*)(P...) {
        if constexpr (std::is_same_v<kept, std::nullptr_t>)
            return nullptr;
        else
            return call;
    }

    /// The user data. Valid while this stays where it is.
    gpointer data() noexcept { return this; }

private:
    template <std::size_t... I, class Tuple>
    static R apply(kept& callable, std::index_sequence<I...> /*all but the data*/, Tuple all) {
        if constexpr (std::is_same_v<R, gboolean>)
            return callable(std::get<I>(all)...) ? TRUE : FALSE;
        else
            return callable(std::get<I>(all)...);
    }

    static R call(P... parameters) noexcept {
        if constexpr (!std::is_same_v<kept, std::nullptr_t>) {
            const std::tuple<P...> all(parameters...);
            auto* self = static_cast<callback_argument*>(std::get<sizeof...(P) - 1>(all));
            return apply(self->callable_, std::make_index_sequence<sizeof...(P) - 1>(), all);
        } else {
            return R();
        }
    }

    kept callable_;
};

/// A callable for a callback of C's that C may keep after the operation, until it calls a
/// `GDestroyNotify`: it is moved to memory of its own when the operation begins.
template <class Callable, class Callback> class kept_callback_argument {
    using called = callback_argument<std::decay_t<Callable>, Callback>;
    struct argument : called {
        using called::called;

        // GLib's reference counts order what its threads do with it; this says so in terms of
        // C++, for tools that do not see into GLib.
        std::atomic<bool> handed_over{false};
    };
    static constexpr bool none = std::is_same_v<std::decay_t<Callable>, std::nullptr_t>;

public:
    kept_callback_argument(Callable&& callable)
        : callable_(std::make_unique<argument>(
              std::decay_t<Callable>(std::forward<Callable>(callable)))) {}

    Callback function() const noexcept { return callable_->function(); }
    GDestroyNotify destroy() const noexcept { return none ? nullptr : drop; }

    /// The user data, which C then owns.
    gpointer data() noexcept {
        if constexpr (none)
            return nullptr;
        callable_->handed_over.store(true, std::memory_order_release);
        return callable_.release()->data();
    }

private:
    static void drop(gpointer data) noexcept {
        const std::unique_ptr<argument> dropped(static_cast<argument*>(static_cast<called*>(data)));
        dropped->handed_over.load(std::memory_order_acquire);
    }

    std::unique_ptr<argument> callable_;
};

} // namespace detail
} // namespace gawait
