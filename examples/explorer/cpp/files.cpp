// The page of files: those of a folder and of all below it, with thumbnails, and searched as one
// types.

#include "pages.hpp"
#include "tree.hpp"

#include "gawait/event.hpp"
#include "gawait/for_each.hpp"
#include "gawait/gio/simple_action.hpp"
#include "gawait/gtk/editable.hpp"
#include "gawait/gtk/grid_view.hpp"
#include "gawait/gtk/list_box.hpp"
#include "gawait/gtk/native_dialog.hpp"
#include "gawait/gtk/search_entry.hpp"
#include "gawait/gtk/signal_list_item_factory.hpp"
#include "gawait/result.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_any.hpp"

#include <unordered_map>

using namespace gawait;

namespace {

constexpr std::chrono::milliseconds until_shown(250);
constexpr std::size_t searches_at_once = 8;   // files
constexpr std::size_t thumbnails_at_once = 2; // threads
constexpr std::size_t most_results = 100;
constexpr glong most_before = 40, most_after = 80; // characters of a line, around what was found

/// @param now what it begins with, or null.
task<ref<GFile>> choose_folder(GtkWindow* window, ref<GFile> now) {
    const auto dialog = adopt(gtk_file_chooser_native_new(
        "Open Folder", window, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, nullptr, nullptr));
    if (now)
        gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(dialog.get()), now, nullptr);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog.get()), true);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog.get()));
    const int response = co_await gtk::native_dialog_response(dialog);
    if (response != GTK_RESPONSE_ACCEPT)
        co_return nullptr;
    co_return adopt(gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog.get())));
}

class files_page {
public:
    explicit files_page(const ui& window) : window_(window) {
        const auto model = adopt(gtk_no_selection_new(G_LIST_MODEL(g_object_ref(files_.get()))));
        gtk_grid_view_set_model(window_.get<GtkGridView>("files"),
                                GTK_SELECTION_MODEL(model.get()));
    }

    /// The files of a folder, until another one is chosen.
    task<> run(ref<GFile> folder) {
        co_await with_scope([&](scope& children) -> task<> {
            show_tiles(children);
            handle_the_rest(children);
            if (!folder)
                folder = co_await next_folder(nullptr);
            for (;;) {
                auto ended = co_await when_any(show(folder), next_folder(folder));
                folder = std::get<1>(std::move(ended));
            }
        });
    }

private:
    task<ref<GFile>> next_folder(ref<GFile> now) {
        for (;;) {
            co_await gio::simple_action_activate(choose_);
            show_page(window_, "files");
            auto folder = co_await choose_folder(window_.get<GtkWindow>("window"), now);
            if (folder)
                co_return folder;
        }
    }

    /// Scans a folder, and searches in what that finds. Each letter ends the search before it.
    task<> show(ref<GFile> folder) {
        folder_ = folder;
        g_list_store_remove_all(files_);
        scanned_ = false;
        gtk_editable_set_text(entry(), "");
        show_view("files");
        co_await with_scope([&](scope& children) -> task<> {
            gtk::editable_changed(window_.get<GtkSearchEntry>("search"))
                .connect(children, [&] { return search_files(); }, {.restart = true});
            co_await scan_folder();
        });
    }

    task<> scan_folder() {
        const auto found = adopt(g_ptr_array_new_with_free_func(g_object_unref));
        const auto ended = co_await when_any(scan(folder_, found), show_now_and_then(found));
        const auto& errors = std::get<0>(ended);
        scanned_ = true;
        show_found(found);
        if (!errors.empty()) {
            const std::size_t others = errors.size() - 1;
            const std::string more = others ? ", and " + std::to_string(others) + " more" : "";
            show_toast(window_, errors.front().message() + more);
        }
        if (count() == 0)
            show_view("no-files");
    }

    /// A grid that gets more is laid out and drawn anew, which takes longer than a scan.
    task<> show_now_and_then(ref<GPtrArray> found) {
        for (;;) {
            co_await sleep_for(until_shown);
            show_found(found);
        }
    }

    void show_found(GPtrArray* found) {
        g_list_store_splice(files_, count(), 0, found->pdata, found->len);
        g_ptr_array_set_size(found, 0);
        show_summary();
        more_.set();
        more_.reset();
    }

    void show_summary() {
        std::string summary = std::to_string(count()) + " files";
        if (*text())
            summary = "Searched " + std::to_string(searched_) + " of " + summary;
        if (!scanned_)
            summary += " so far";
        gtk_label_set_label(window_.get<GtkLabel>("summary"), summary.c_str());
    }

    /// What the scan has found, and then what it finds.
    async_generator<ref<GFileInfo>> found() {
        for (guint each = 0; results_.size() < most_results; ++each) {
            while (each == count() && !scanned_)
                co_await more_.wait();
            if (each == count())
                co_return;
            co_yield adopt(
                static_cast<GFileInfo*>(g_list_model_get_item(G_LIST_MODEL(files_.get()), each)));
        }
    }

    task<> search_files() {
        while (auto* row = gtk_list_box_get_row_at_index(results(), 0))
            gtk_list_box_remove(results(), GTK_WIDGET(row));
        results_.clear();
        searched_ = 0;
        show_summary();
        show_view(*text() ? "results" : "files");
        if (!*text())
            co_return;
        const unique_string literal(g_regex_escape_string(text(), -1));
        const auto wanted =
            adopt(g_regex_new(literal.get(), G_REGEX_CASELESS, GRegexMatchFlags{}, nullptr));
        const auto look_into = [&](ref<GFileInfo> file) -> task<> {
            if (const auto line = co_await search(file, wanted))
                show_result(file, *line);
            ++searched_;
            show_summary();
        };
        co_await for_each(found(), searches_at_once, look_into);
        if (results_.empty())
            show_view("no-results");
    }

    void show_result(GFileInfo* file, const match& line) {
        const glong length = g_utf8_strlen(line.before.c_str(), -1);
        const unique_string before(
            g_utf8_substring(line.before.c_str(), std::max(0L, length - most_before), length));
        const unique_string after(g_utf8_substring(
            line.after.c_str(), 0, std::min(most_after, g_utf8_strlen(line.after.c_str(), -1))));
        const std::string shown = (length > most_before ? "…" : "") +
                                  std::string(escaped(g_strchug(before.get())).get()) + "<b>" +
                                  escaped(line.matched).get() + "</b>" + escaped(after.get()).get();
        const ui result("result.ui");
        auto* const row = result.get<AdwActionRow>("row");
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped(path_of(file)).get());
        adw_action_row_set_subtitle(row, shown.c_str());
        const auto icon = adopt(g_content_type_get_icon(content_type_of(file)));
        gtk_image_set_from_gicon(result.get<GtkImage>("icon"), icon);
        gtk_list_box_append(results(), GTK_WIDGET(row));
        results_.push_back(ref<GFile>::retain(location_of(file)));
    }

    /// Where a file is in the folder, to be shown.
    std::string path_of(GFileInfo* file) const {
        const unique_string path(g_file_get_relative_path(folder_, location_of(file)));
        return unique_string(g_filename_display_name(path.get())).get();
    }

    /// Shows in each tile of the grid what it has at the time.
    void show_tiles(scope& children) {
        auto* const factory = window_.get<GtkSignalListItemFactory>("tiles");
        gtk::signal_list_item_factory_setup(factory).connect(children, [&](ref<GObject> item) {
            const auto& tile = tiles_.try_emplace(item.get(), "tile.ui").first->second;
            gtk_list_item_set_child(GTK_LIST_ITEM(item.get()), tile.get<GtkWidget>("tile"));
        });
        gtk::signal_list_item_factory_teardown(factory).connect(
            children, [&](ref<GObject> item) { tiles_.erase(item.get()); });
        gtk::signal_list_item_factory_bind(factory).connect(children, [&](ref<GObject> item) {
            const ui& tile = tiles_.at(item.get());
            auto* const file =
                static_cast<GFileInfo*>(gtk_list_item_get_item(GTK_LIST_ITEM(item.get())));
            gtk_label_set_label(tile.get<GtkLabel>("name"), g_file_info_get_display_name(file));
            gtk_widget_set_tooltip_text(tile.get<GtkWidget>("tile"), path_of(file).c_str());
            gtk_label_set_label(
                tile.get<GtkLabel>("size"),
                unique_string(g_format_size(guint64(g_file_info_get_size(file)))).get());
            const auto icon = adopt(g_content_type_get_icon(content_type_of(file)));
            gtk_image_set_from_gicon(tile.get<GtkImage>("picture"), icon);
            if (g_content_type_is_a(content_type_of(file), "image/*"))
                children.spawn(show_thumbnail(std::move(item), ref<GFileInfo>::retain(file)));
        });
    }

    task<> show_thumbnail(ref<GObject> item, ref<GFileInfo> file) {
        const auto is_shown = [&] {
            return gtk_list_item_get_item(GTK_LIST_ITEM(item.get())) == file.get();
        };
        const auto permit = co_await thumbnails_.hold();
        if (!is_shown())
            co_return; // scrolled away
        const auto picture = co_await as_result(thumbnail(file));
        if (picture.was_cancelled() || !is_shown())
            co_return;
        const ui& tile = tiles_.at(item.get());
        if (picture)
            gtk_image_set_from_paintable(tile.get<GtkImage>("picture"),
                                         GDK_PAINTABLE(picture->get()));
        else
            gtk_widget_set_tooltip_text(tile.get<GtkWidget>("tile"),
                                        (path_of(file) + "\n" + picture.error().message()).c_str());
    }

    void handle_the_rest(scope& children) {
        gtk::grid_view_activate(window_.get<GtkGridView>("files"))
            .connect(children, [this](guint position) {
                const auto file = adopt(static_cast<GFileInfo*>(
                    g_list_model_get_item(G_LIST_MODEL(files_.get()), position)));
                return launch(window_, ref<GFile>::retain(location_of(file)));
            });
        gtk::list_box_row_activated(results()).connect(
            children, [this](const ref<GtkListBoxRow>& row) {
                return launch(window_, results_.at(std::size_t(gtk_list_box_row_get_index(row))));
            });
        gtk::search_entry_stop_search(window_.get<GtkSearchEntry>("search"))
            .connect(children, [this] { gtk_editable_set_text(entry(), ""); });
        gio::simple_action_activate(focus_).connect(children, [this](const ref<GVariant>&) {
            show_page(window_, "files");
            gtk_widget_grab_focus(window_.get<GtkWidget>("search"));
        });
    }

    GtkEditable* entry() const { return window_.get<GtkEditable>("search"); }
    const char* text() const { return gtk_editable_get_text(entry()); }
    GtkListBox* results() const { return window_.get<GtkListBox>("results"); }
    guint count() const { return g_list_model_get_n_items(G_LIST_MODEL(files_.get())); }

    void show_view(const char* name) {
        gtk_stack_set_visible_child_name(window_.get<GtkStack>("files_views"), name);
    }

    const ui& window_;
    const ref<GSimpleAction> choose_ = add_action(window_, "choose-folder");
    const ref<GSimpleAction> focus_ = add_action(window_, "search");
    const ref<GListStore> files_ = adopt(g_list_store_new(G_TYPE_FILE_INFO));
    event more_; // which the scan has found
    ref<GFile> folder_;
    bool scanned_ = true;
    guint searched_ = 0; // files
    std::vector<ref<GFile>> results_;
    std::unordered_map<GObject*, ui> tiles_;
    semaphore thumbnails_{thumbnails_at_once};
};

} // namespace

task<> show_files(const ui& window, ref<GFile> folder) {
    files_page page(window);
    co_await page.run(folder);
}
