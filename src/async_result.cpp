#include "gawait/async_result.hpp"

namespace gawait {

ref<GObject> async_result::source_object() const noexcept {
    return ref<GObject>::adopt(g_async_result_get_source_object(viewed_));
}

gpointer async_result::user_data() const noexcept { return g_async_result_get_user_data(viewed_); }

bool async_result::is_tagged(gpointer tag) const noexcept {
    return g_async_result_is_tagged(viewed_, tag);
}

std::optional<error> async_result::legacy_propagate_error() const noexcept {
    GError* failure = nullptr;
    g_async_result_legacy_propagate_error(viewed_, &failure);
    // Also a result that has failed gives none, and logs a critical, if it was taken before.
    if (!failure)
        return {};
    return error(failure);
}

// The GObject around a C++ object -------------------------------------------------

namespace {

struct wrapper {
    GObject base;
    async_result_base* held; // owned; null if C made the object by g_object_new()

    static wrapper& of(gpointer object) noexcept { return *static_cast<wrapper*>(object); }

    static void finalize(GObject* object) noexcept {
        const std::unique_ptr<async_result_base> owner(of(object).held);
        // All that is implemented here derives from GObject itself.
        static_cast<GObjectClass*>(g_type_class_peek(G_TYPE_OBJECT))->finalize(object);
    }
};

void init_class(gpointer made, gpointer) noexcept {
    static_cast<GObjectClass*>(made)->finalize = wrapper::finalize;
}

void init_interface(gpointer made, gpointer) noexcept {
    auto& methods = *static_cast<GAsyncResultIface*>(made);
    methods.get_user_data = [](GAsyncResult* self) -> gpointer {
        async_result_base* const held = wrapper::of(self).held;
        return held ? held->user_data() : nullptr;
    };
    methods.get_source_object = [](GAsyncResult* self) -> GObject* {
        async_result_base* const held = wrapper::of(self).held;
        return held ? held->source_object().release() : nullptr;
    };
    methods.is_tagged = [](GAsyncResult* self, gpointer tag) -> gboolean {
        async_result_base* const held = wrapper::of(self).held;
        return held && held->is_tagged(tag);
    };
}

} // namespace

GType async_result_access::register_type(const char* name) noexcept {
    GTypeInfo info{};
    info.class_size = sizeof(GObjectClass);
    info.class_init = init_class;
    info.instance_size = sizeof(wrapper);
    const GType type = g_type_register_static(G_TYPE_OBJECT, name, &info, GTypeFlags(0));
    const GInterfaceInfo interface{init_interface, nullptr, nullptr};
    g_type_add_interface_static(type, G_TYPE_ASYNC_RESULT, &interface);
    return type;
}

ref<GAsyncResult> async_result_access::wrap(GType type,
                                            std::unique_ptr<async_result_base> owned) noexcept {
    auto object = ref<GAsyncResult>::adopt(static_cast<GAsyncResult*>(g_object_new(type, nullptr)));
    owned->object_ = object;
    wrapper::of(object.get()).held = owned.release();
    return object;
}

async_result_base* async_result_access::unwrap(gpointer object) noexcept {
    return wrapper::of(object).held;
}

} // namespace gawait
