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
    for (int next = 1;; ++next) {
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
            const auto ask_and_add = [&](const ref<GVariant>&) -> task<> {
                add(children, co_await ask());
            };
            gio::simple_action_activate(ask_).connect(children, ask_and_add);
            gtk::spin_button_value_changed(window_.get<GtkSpinButton>("limit"))
                .connect(children, [&] { change_limit(); });
            add(children, addresses);
            co_return;
        });
    }

private:
    void add(scope& children, const std::vector<std::string>& addresses) {
        for (const std::string& each : addresses)
            children.spawn(show(each));
    }

    task<std::vector<std::string>> ask() {
        show_page(window_, "downloads");
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

    /// A row of the list: it is tried again whenever that is wanted, and what is there is opened.
    task<> show(std::string address) {
        const ui row("download.ui");
        auto* const button = row.get<GtkButton>("button");
        const std::string name = name_in(address);
        adw_preferences_row_set_title(row.get<AdwPreferencesRow>("row"), escaped(name).get());
        const unique_string kind(g_content_type_guess(name.c_str(), nullptr, 0, nullptr));
        gtk_image_set_from_gicon(row.get<GtkImage>("icon"),
                                 adopt(g_content_type_get_icon(kind.get())));
        gtk_list_box_append(window_.get<GtkListBox>("downloads"), row.get<GtkWidget>("row"));
        gtk_stack_set_visible_child_name(window_.get<GtkStack>("downloads_page"), "list");
        ref<GFile> file;
        while (!file) {
            file = co_await attempt(address, row);
            co_await gtk::button_clicked(button);
        }
        for (;;) {
            co_await launch(window_, file);
            co_await gtk::button_clicked(button);
        }
    }

    /// Downloads, until the button is pressed; gives the file, or null if there is none.
    task<ref<GFile>> attempt(const std::string& address, const ui& row) {
        auto* const button = row.get<GtkButton>("button");
        const auto tell = [&](const std::string& what, const char* icon, const char* action) {
            adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), escaped(what).get());
            gtk_button_set_icon_name(button, icon);
            gtk_widget_set_tooltip_text(GTK_WIDGET(button), action);
        };
        auto* const bar = row.get<GtkProgressBar>("progress");
        gtk_progress_bar_set_fraction(bar, 0);
        gtk_widget_set_visible(GTK_WIDGET(bar), true);
        gtk_widget_remove_css_class(row.get<GtkWidget>("row"), "error");
        tell("Waiting", "process-stop-symbolic", "Cancel");
        auto ended = co_await as_result(when_any(fetch(address, row), gtk::button_clicked(button)));
        gtk_widget_set_visible(GTK_WIDGET(bar), false);
        if (ended && ended->index() == 0) {
            tell(adw_action_row_get_subtitle(row.get<AdwActionRow>("row")),
                 "document-open-symbolic", "Open");
            co_return std::get<0>(std::move(*ended));
        }
        if (!ended)
            gtk_widget_add_css_class(row.get<GtkWidget>("row"), "error");
        tell(ended ? "Cancelled" : ended.error().message(), "view-refresh-symbolic", "Try Again");
        co_return nullptr;
    }

    task<ref<GFile>> fetch(const std::string& address, const ui& row) {
        const auto permit = co_await free_.hold();
        adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), "Connecting");
        const auto message = adopt(soup_message_new("GET", address.c_str()));
        if (!message)
            throw error(G_IO_ERROR_INVALID_ARGUMENT, "This is no address");
        // So that as much comes as the server says.
        soup_message_headers_replace(soup_message_get_request_headers(message), "Accept-Encoding",
                                     "identity");
        const auto body = co_await soup::session_send(session_, message);
        const guint status = soup_message_get_status(message);
        if (!SOUP_STATUS_IS_SUCCESSFUL(status))
            throw error(G_IO_ERROR_FAILED,
                        (std::to_string(status) + " " + soup_status_get_phrase(status)).c_str());
        const goffset whole =
            soup_message_headers_get_content_length(soup_message_get_response_headers(message));
        const auto file = co_await new_file(name_in(address));
        const auto saved = co_await as_result(save(body, file, whole, row));
        if (!saved)
            static_cast<void>(co_await as_result(shield(gio::file_delete(file))));
        saved.value();
        co_return file;
    }

    task<> save(ref<GInputStream> body, ref<GFile> file, goffset whole, const ui& row) {
        const auto out = co_await gio::file_append_to(file, G_FILE_CREATE_NONE);
        auto* const bar = row.get<GtkProgressBar>("progress");
        goffset done = 0;
        auto chunks = chunks_of(body);
        while (chunk* bytes = co_await chunks.next()) {
            done += goffset(co_await gio::output_stream_write_all(out, *bytes));
            std::string size = unique_string(g_format_size(guint64(done))).get();
            if (done < whole)
                size.append(" of ").append(unique_string(g_format_size(guint64(whole))).get());
            adw_action_row_set_subtitle(row.get<AdwActionRow>("row"), size.c_str());
            if (whole > 0)
                gtk_progress_bar_set_fraction(bar, double(done) / double(whole));
            else
                gtk_progress_bar_pulse(bar);
        }
        if (done < whole)
            throw error(G_IO_ERROR_PARTIAL_INPUT, "The server has sent only a part of it");
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
