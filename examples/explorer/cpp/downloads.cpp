// The page of downloads: so many at once as one wants, each with its progress.

#include "pages.hpp"

#include "gawait/adw/message_dialog.hpp"
#include "gawait/chunks.hpp"
#include "gawait/gio/file.hpp"
#include "gawait/gio/output_stream.hpp"
#include "gawait/gio/simple_action.hpp"
#include "gawait/gtk/button.hpp"
#include "gawait/gtk/spin_button.hpp"
#include "gawait/property.hpp"
#include "gawait/result.hpp"
#include "gawait/scope.hpp"
#include "gawait/semaphore.hpp"
#include "gawait/shield.hpp"
#include "gawait/soup/session.hpp"
#include "gawait/when_any.hpp"

#include <libsoup/soup.h>

#include <filesystem>
#include <sstream>
#include <string_view>

using namespace gawait;

namespace {

constexpr int most_at_once = 20;

/// What a file is called that comes from an address.
std::filesystem::path name_in(const std::string& address) {
    const auto uri = adopt(g_uri_parse(address.c_str(), G_URI_FLAGS_NONE, nullptr));
    const auto name = std::filesystem::path(uri ? g_uri_get_path(uri) : "").filename();
    return name.empty() ? "index.html" : name;
}

/// Makes a file where the user keeps what is downloaded; with a number, if there is one of that
/// name.
task<ref<GFile>> new_file(std::filesystem::path name) {
    const char* const kept = g_get_user_special_dir(G_USER_DIRECTORY_DOWNLOAD);
    const std::filesystem::path folder(kept ? kept : g_get_home_dir());
    std::string number;
    for (int next = 2;; ++next) {
        const auto path = folder / (name.stem().string() + number + name.extension().string());
        auto file = adopt(g_file_new_for_path(path.c_str()));
        const auto made = co_await as_result(gio::file_create(file, G_FILE_CREATE_NONE));
        if (made || !made.error().matches(G_IO_ERROR_EXISTS)) {
            static_cast<void>(made.value()); // throws, unless it was made
            co_return file;
        }
        number = " (" + std::to_string(next) + ")";
    }
}

class downloads_page {
public:
    explicit downloads_page(const ui& window) : window_(window) {}

    task<> run(std::vector<std::string> addresses) {
        co_await with_scope([&](scope& children) -> task<> {
            const auto add = [&](const std::vector<std::string>& added) {
                for (const std::string& each : added)
                    children.spawn(download(each));
            };
            const auto ask_and_add = [&](const ref<GVariant>&) -> task<> { add(co_await ask()); };
            gio::simple_action_activate(ask_).connect(children, ask_and_add);
            gtk::spin_button_value_changed(window_.get<GtkSpinButton>("limit"))
                .connect(children, [&] { change_limit(); });
            add(addresses);
            co_return;
        });
    }

private:
    task<std::vector<std::string>> ask() {
        const ui parts("add-downloads.ui");
        const unique_window dialog(parts.get<GtkWindow>("dialog"));
        gtk_window_set_transient_for(dialog.get(), window_.get<GtkWindow>("window"));
        gtk_window_present(dialog.get());
        const auto response =
            co_await adw::message_dialog_response(parts.get<AdwMessageDialog>("dialog"));
        std::vector<std::string> addresses;
        if (response.get() == std::string_view("add")) {
            auto* const buffer = parts.get<GObject>("addresses");
            std::istringstream text(object_property<unique_string>(buffer, "text").get().get());
            for (std::string address; text >> address;)
                addresses.push_back(address);
        }
        co_return addresses;
    }

    /// A row of the list, which is tried until it is there.
    task<> download(std::string address) {
        const ui row("download.ui");
        auto* const button = row.get<GtkButton>("button");
        const auto tell = [&](const char* what, const char* icon, const char* button_does) {
            adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), escaped(what).get());
            gtk_button_set_icon_name(button, icon);
            gtk_widget_set_tooltip_text(GTK_WIDGET(button), button_does);
        };
        adw_preferences_row_set_title(row.get<AdwPreferencesRow>("row"),
                                      escaped(name_in(address).c_str()).get());
        gtk_list_box_append(window_.get<GtkListBox>("downloads"), row.get<GtkWidget>("row"));
        gtk_stack_set_visible_child_name(window_.get<GtkStack>("downloads-page"), "list");
        for (;;) {
            tell("Waiting", "process-stop-symbolic", "Cancel");
            gtk_progress_bar_set_fraction(row.get<GtkProgressBar>("progress"), 0);
            auto ended =
                co_await as_result(when_any(fetch(address, row), gtk::button_clicked(button)));
            if (ended && ended->index() == 0)
                break;
            tell(ended ? "Cancelled" : ended.error().message(), "view-refresh-symbolic",
                 "Try Again");
            co_await gtk::button_clicked(button);
        }
        gtk_widget_set_visible(row.get<GtkWidget>("progress"), false);
        gtk_widget_set_visible(row.get<GtkWidget>("button"), false);
    }

    task<> fetch(const std::string& address, const ui& row) {
        const auto permit = co_await free_.hold();
        adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), "Connecting");
        const auto message = adopt(soup_message_new("GET", address.c_str()));
        if (!message)
            throw error(G_IO_ERROR_INVALID_ARGUMENT, "This is no address");
        const auto body = co_await soup::session_send(session_, message);
        if (!SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(message)))
            throw error(G_IO_ERROR_FAILED, soup_message_get_reason_phrase(message));
        const goffset whole =
            soup_message_headers_get_content_length(soup_message_get_response_headers(message));
        const auto file = co_await new_file(name_in(address));
        const auto saved = co_await as_result(save(body, file, whole, row));
        if (!saved)
            co_await shield(gio::file_delete(file)); // which has a part of it
        saved.value();
    }

    task<> save(ref<GInputStream> body, ref<GFile> file, goffset whole, const ui& row) {
        const auto out = co_await gio::file_append_to(file, G_FILE_CREATE_NONE);
        auto* const bar = row.get<GtkProgressBar>("progress");
        goffset done = 0;
        auto chunks = chunks_of(body);
        while (chunk* bytes = co_await chunks.next()) {
            done += goffset(co_await gio::output_stream_write_all(out, *bytes));
            const unique_string size(g_format_size(guint64(done)));
            adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), size.get());
            if (whole > 0)
                gtk_progress_bar_set_fraction(bar, double(done) / double(whole));
            else
                gtk_progress_bar_pulse(bar);
        }
        co_await gio::output_stream_close(out);
    }

    void change_limit() {
        const auto limit =
            std::size_t(gtk_spin_button_get_value_as_int(window_.get<GtkSpinButton>("limit")));
        for (; limit_ < limit; ++limit_)
            free_.release();
        free_.reduce(limit_ - limit);
        limit_ = limit;
    }

    const ui& window_;
    const ref<GSimpleAction> ask_ = add_action(window_, "add-downloads");
    const ref<SoupSession> session_ = adopt(soup_session_new_with_options(
        "max-conns", most_at_once, "max-conns-per-host", most_at_once, nullptr));
    std::size_t limit_ = 3; // as window.ui says
    semaphore free_{limit_};
};

} // namespace

task<> show_downloads(const ui& window, std::vector<std::string> addresses) {
    downloads_page page(window);
    co_await page.run(std::move(addresses));
}
