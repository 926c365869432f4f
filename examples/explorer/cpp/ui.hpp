#pragma once

#include "gawait/adw/classes.hpp"
#include "gawait/gio/app_info.hpp"
#include "gawait/gtk/classes.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"
#include "gawait/task.hpp"

#include <adwaita.h>

#include <memory>
#include <string>

/// What a .ui file describes, by its ids.
class ui {
public:
    explicit ui(const std::string& file)
        : builder_(gawait::adopt(
              gtk_builder_new_from_resource(("/org/gawait/ExplorerCpp/" + file).c_str()))) {}

    /// Borrowed; as long as this lives.
    template <class Object> Object* get(const char* id) const {
        return reinterpret_cast<Object*>(gtk_builder_get_object(builder_, id));
    }

private:
    gawait::ref<GtkBuilder> builder_;
};

struct window_destroyer {
    void operator()(GtkWindow* window) const noexcept { gtk_window_destroy(window); }
};

/// A window, which goes with this.
using unique_window = std::unique_ptr<GtkWindow, window_destroyer>;

/// Text as it is, in one line, where markup is expected.
inline gawait::unique_string escaped(const std::string& text) {
    const gawait::unique_string line(g_strdup(text.c_str()));
    return gawait::unique_string(g_markup_escape_text(g_strdelimit(line.get(), "\r\n", ' '), -1));
}

/// An action of a window, which widgets and the bus call by its name.
inline gawait::ref<GSimpleAction> add_action(const ui& window, const char* name,
                                             const GVariantType* parameter = nullptr) {
    auto action = gawait::adopt(g_simple_action_new(name, parameter));
    g_action_map_add_action(window.get<GActionMap>("window"), G_ACTION(action.get()));
    return action;
}

/// Shows one of the pages.
inline void show_page(const ui& window, const char* name) {
    adw_view_stack_set_visible_child_name(window.get<AdwViewStack>("pages"), name);
}

/// Tells of something, for a moment.
inline void show_toast(const ui& window, const std::string& text) {
    adw_toast_overlay_add_toast(window.get<AdwToastOverlay>("toasts"),
                                adw_toast_new(escaped(text).get()));
}

/// Opens a file with the program that is for it.
inline gawait::task<> launch(const ui& window, gawait::ref<GFile> file) {
    const gawait::unique_string uri(g_file_get_uri(file));
    const auto opened =
        co_await gawait::as_result(gawait::gio::app_info_launch_default_for_uri(uri.get()));
    if (!opened && !opened.was_cancelled())
        show_toast(window, opened.error().message());
}
