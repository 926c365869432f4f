#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/produce.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <type_traits>

namespace gawait {
namespace detail {

template <class T> T* initialized_by(task<> (*)(ref<T>)) noexcept;

/// The methods of `GAsyncInitable`, by a coroutine.
template <auto Body> class async_initable_methods {
    using instance = std::remove_pointer_t<decltype(initialized_by(Body))>;

public:
    static void init_async(GAsyncInitable* self, int priority, GCancellable* cancellable,
                           GAsyncReadyCallback callback, gpointer user_data) noexcept {
        using pair = async_pair<void, init_async>;
        pair::start({self, priority, cancellable, callback, user_data},
                    Body(ref<instance>::retain(reinterpret_cast<instance*>(self))));
    }

    static gboolean init_finish(GAsyncInitable* self, GAsyncResult* result,
                                GError** failure) noexcept {
        using pair = async_pair<void, init_async>;
        return pair::finish(self, result, failure);
    }
};

} // namespace detail

/// Fills the interface `GAsyncInitable` of a class from a coroutine, `task<> body(ref<Self>)`,
/// which has initialised the object when it ends, or failed to. To be named where the class
/// says that it has the interface:
///
///     task<> connect(ref<Client> self);
///
///     G_DEFINE_TYPE_WITH_CODE(Client, client, G_TYPE_OBJECT,
///                             G_IMPLEMENT_INTERFACE(G_TYPE_ASYNC_INITABLE,
///                                                   fill_async_initable<connect>))
///
/// The body begins, is cancelled and fails as those of `async_pair` do. It keeps the object
/// alive until it has ended; GIO allows nobody to use that if it has failed.
template <auto Body> void fill_async_initable(GAsyncInitableIface* interface) noexcept {
    using methods = detail::async_initable_methods<Body>;
    interface->init_async = methods::init_async;
    interface->init_finish = methods::init_finish;
}

} // namespace gawait
