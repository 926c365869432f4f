#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::test {

/// A GObject with signals: "plain", "number" (int, with a detail), "file" (a file and a string),
/// "asks" (string, wants a gboolean), "stray" (a pointer); and with properties: "level" (int) and
/// "title" (string).
struct emitting_object {
    GObject parent;
    int level;
    char* title;
};

struct emitting_object_class {
    GObjectClass parent;
};

inline GType emitting_object_type() {
    static const GType type = [] {
        const auto set_up = [](gpointer given, gpointer) {
            auto* const structure = static_cast<GObjectClass*>(given);
            structure->get_property = [](GObject* object, guint id, GValue* value, GParamSpec*) {
                auto* const self = reinterpret_cast<emitting_object*>(object);
                if (id == 1)
                    g_value_set_int(value, self->level);
                else
                    g_value_set_string(value, self->title);
            };
            structure->set_property = [](GObject* object, guint id, const GValue* value,
                                         GParamSpec*) {
                auto* const self = reinterpret_cast<emitting_object*>(object);
                if (id == 1) {
                    self->level = g_value_get_int(value);
                } else {
                    g_free(self->title);
                    self->title = g_value_dup_string(value);
                }
            };
            structure->finalize = [](GObject* object) {
                g_free(reinterpret_cast<emitting_object*>(object)->title);
                auto* const above = g_type_class_peek(G_TYPE_OBJECT);
                static_cast<GObjectClass*>(above)->finalize(object);
            };
            g_object_class_install_property(
                structure, 1,
                g_param_spec_int("level", nullptr, nullptr, 0, 100, 0, G_PARAM_READWRITE));
            g_object_class_install_property(
                structure, 2,
                g_param_spec_string("title", nullptr, nullptr, nullptr, G_PARAM_READWRITE));
            g_object_class_install_property(
                structure, 3,
                g_param_spec_int("secret", nullptr, nullptr, 0, 100, 0, G_PARAM_WRITABLE));
            const GType self = G_TYPE_FROM_CLASS(structure);
            const auto add = [&](const char* name, int flags, GType answer, auto... parameters) {
                g_signal_new(name, self, GSignalFlags(G_SIGNAL_RUN_LAST | flags), 0, nullptr,
                             nullptr, nullptr, answer, sizeof...(parameters), parameters...);
            };
            add("plain", 0, G_TYPE_NONE);
            add("number", G_SIGNAL_DETAILED, G_TYPE_NONE, G_TYPE_INT);
            add("file", 0, G_TYPE_NONE, G_TYPE_FILE, G_TYPE_STRING);
            add("asks", 0, G_TYPE_BOOLEAN, G_TYPE_STRING);
            add("stray", 0, G_TYPE_NONE, G_TYPE_POINTER);
        };
        return g_type_register_static_simple(G_TYPE_OBJECT, "emitting_object",
                                             sizeof(emitting_object_class), set_up,
                                             sizeof(emitting_object), nullptr, GTypeFlags(0));
    }();
    return type;
}

inline ref<emitting_object> make_emitting_object() {
    return ref<emitting_object>::adopt(
        static_cast<emitting_object*>(g_object_new(emitting_object_type(), nullptr)));
}

/// Whether a signal of it has a handler.
inline bool is_connected(emitting_object* object, const char* signal) {
    return g_signal_has_handler_pending(object, g_signal_lookup(signal, emitting_object_type()), 0,
                                        TRUE);
}

} // namespace gawait::test
