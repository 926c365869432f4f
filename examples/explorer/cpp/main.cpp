// A folder and network explorer: org.gawait.ExplorerCpp [FOLDER] [ADDRESS...]. Each page is a file
// of its own. A window is a coroutine: closing it cancels all that its pages do, waits for the end
// of that, and only then takes the window away.

#include "pages.hpp"

#include "gawait/application.hpp"
#include "gawait/gio/simple_action.hpp"
#include "gawait/gtk/window.hpp"
#include "gawait/scope.hpp"

using namespace gawait;

namespace {

constexpr const char* application_id = "org.gawait.ExplorerCpp";

task<> show_pages(const ui& parts, GtkWindow* window, const std::vector<ref<GFile>>& files) {
    ref<GFile> folder;
    std::vector<std::string> addresses;
    for (const ref<GFile>& each : files) {
        if (g_file_has_uri_scheme(each, "http") || g_file_has_uri_scheme(each, "https"))
            addresses.emplace_back(unique_string(g_file_get_uri(each)).get());
        else
            folder = each;
    }
    const auto page = add_action(parts, "page", G_VARIANT_TYPE_STRING);
    const auto about = add_action(parts, "about");

    co_await with_scope([&](scope& pages) -> task<> {
        pages.spawn(show_files(parts, folder));
        pages.spawn(show_downloads(parts, addresses));
        pages.spawn(show_bus(parts));
        gio::simple_action_activate(page).connect(pages, [&](const ref<GVariant>& name) {
            show_page(parts, g_variant_get_string(name, nullptr));
        });
        gio::simple_action_activate(about).connect(pages, [&](const ref<GVariant>&) {
            const ui description("about.ui");
            auto* const shown = description.get<AdwAboutWindow>("about");
            adw_about_window_set_application_icon(shown, application_id);
            gtk_window_set_transient_for(GTK_WINDOW(shown), window);
            gtk_window_present(GTK_WINDOW(shown));
        });
        gtk::window_close_request(window).connect(pages, [&] {
            pages.cancel();
            return true; // the window stays until they have ended
        });
        co_return;
    });
}

task<> show_window(ref<AdwApplication> application, std::vector<ref<GFile>> files) {
    const ui parts("window.ui");
    const unique_window window(parts.get<GtkWindow>("window"));
    gtk_window_set_default_icon_name(application_id);
    gtk_window_set_application(window.get(), GTK_APPLICATION(application.get()));
    gtk_window_present(window.get());
    co_await show_pages(parts, window.get(), files);
}

} // namespace

int main(int argc, char** argv) {
    const auto application = adopt(adw_application_new(application_id, G_APPLICATION_HANDLES_OPEN));
    return run_application(application, argc, argv, [&](std::vector<ref<GFile>> files) {
        return show_window(application, std::move(files));
    });
}
