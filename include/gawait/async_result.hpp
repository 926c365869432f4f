#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/error.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <memory>
#include <optional>
#include <utility>

namespace gawait {

/// A function as the source tag of the results that it makes.
template <class R, class... P> gpointer source_tag(R (*function)(P...)) noexcept {
    return reinterpret_cast<gpointer>(function);
}

/// A look at any `GAsyncResult`, whoever made it: a `GTask`, a `GSimpleAsyncResult`, or a
/// class of its own. Borrows the result, and is as cheap to copy as the pointer.
class GAWAIT_API async_result {
public:
    /// @param viewed not null; must outlive the view.
    explicit async_result(GAsyncResult* viewed) noexcept : viewed_(viewed) {}

    /// The object that the operation was called for, with a reference of the caller's own;
    /// empty if there is none.
    ref<GObject> source_object() const noexcept;

    /// What the operation was given for its callback. The result does not own it, nor does
    /// the caller after this.
    gpointer user_data() const noexcept;

    /// Whether the operation that made this result marked it with the tag, by convention the
    /// address of its `_async` function. A result without a tag has only the tag null.
    bool is_tagged(gpointer tag) const noexcept;

    template <class R, class... P> bool is_tagged(R (*function)(P...)) const noexcept {
        return is_tagged(source_tag(function));
    }

    /// The error of a `GSimpleAsyncResult`, which is taken out of it and belongs to the
    /// caller; nothing for a success, a second time, and for every other kind of result, whose
    /// errors only its own finish function gives.
    std::optional<error> legacy_propagate_error() const noexcept;

    /// Borrowed.
    GAsyncResult* get() const noexcept { return viewed_; }

private:
    GAsyncResult* viewed_;
};

/// The base of C++ classes that are `GAsyncResult`s of their own, where a `GTask` does not
/// do. `new_async_result()` makes one; the class has a `static constexpr const char*
/// type_name`, under which it is registered as a `GType`:
///
///     class answer : public async_result_base {
///     public:
///         static constexpr const char* type_name = "Answer";
///         ref<GObject> source_object() noexcept override { ... }
///         gpointer user_data() noexcept override { ... }
///         bool is_tagged(gpointer tag) noexcept override { ... }
///     };
///
/// It lives as long as its `GObject`. Whoever hands it to a `GAsyncReadyCallback` does that
/// once, and in a later iteration of the context that was the thread-default one at the call.
class GAWAIT_API async_result_base {
public:
    async_result_base() noexcept = default;
    async_result_base(const async_result_base&) = delete;
    async_result_base& operator=(const async_result_base&) = delete;
    virtual ~async_result_base() = default;

    /// What `g_async_result_get_source_object()` gives: a reference of the caller's own.
    virtual ref<GObject> source_object() noexcept = 0;

    /// What `g_async_result_get_user_data()` gives.
    virtual gpointer user_data() noexcept = 0;

    /// What `g_async_result_is_tagged()` gives.
    virtual bool is_tagged(gpointer tag) noexcept = 0;

    /// The object that C sees. Borrowed; null in the constructor.
    GAsyncResult* as_async_result() const noexcept { return object_; }

private:
    friend class async_result_access;

    GAsyncResult* object_ = nullptr; // which owns this
};

/// How the templates below reach what is compiled.
class GAWAIT_API async_result_access {
public:
    static GType register_type(const char* name) noexcept;
    static ref<GAsyncResult> wrap(GType type, std::unique_ptr<async_result_base> owned) noexcept;
    static async_result_base* unwrap(gpointer object) noexcept;
};

/// The `GType` of the objects of a class derived from `async_result_base`, a final type
/// derived from `GObject`; registered at the first call. From any thread.
template <class Result> GType async_result_type() noexcept {
    static const GType type = async_result_access::register_type(Result::type_name);
    return type;
}

/// Makes a `GAsyncResult` of a class derived from `async_result_base`.
template <class Result, class... Args> ref<GAsyncResult> new_async_result(Args&&... args) {
    return async_result_access::wrap(async_result_type<Result>(),
                                     std::make_unique<Result>(std::forward<Args>(args)...));
}

/// The C++ object of a result, borrowed from it; null if the result is null, of another type,
/// or was made by `g_object_new()`, behind which there is no C++ object.
template <class Result> Result* async_result_cast(GAsyncResult* result) noexcept {
    if (!G_TYPE_CHECK_INSTANCE_TYPE(result, async_result_type<Result>()))
        return nullptr;
    return static_cast<Result*>(async_result_access::unwrap(result));
}

} // namespace gawait
