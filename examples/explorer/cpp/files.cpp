// The page of files: those of a folder and of all below it, with thumbnails, and searched as one
// types.

#include "pages.hpp"
#include "tree.hpp"

#include "gawait/event.hpp"
#include "gawait/for_each.hpp"
#include "gawait/gio/app_info.hpp"
#include "gawait/gio/simple_action.hpp"
#include "gawait/gtk/editable.hpp"
#include "gawait/gtk/grid_view.hpp"
#include "gawait/gtk/list_box.hpp"
#include "gawait/gtk/signal_list_item_factory.hpp"
#include "gawait/result.hpp"
#include "gawait/when_any.hpp"
#if GTK_CHECK_VERSION(4, 10, 0)
#include "gawait/gtk/file_dialog.hpp"
#else
#include "gawait/gtk/native_dialog.hpp"
#endif

#include <unordered_map>

using namespace gawait;

namespace {

constexpr std::size_t searches_at_once = 8;   // files
constexpr std::size_t thumbnails_at_once = 2; // threads
constexpr std::size_t most_results = 100;
constexpr glong shown_before = 40; // characters of a line, before what was searched for

#if GTK_CHECK_VERSION(4, 10, 0)
task<ref<GFile>> choose_folder(GtkWindow* window) {
    const auto dialog = adopt(gtk_file_dialog_new());
    auto chosen = co_await as_result(gtk::file_dialog_select_folder(dialog, window));
    co_return chosen ? std::move(*chosen) : ref<GFile>();
}
#else
task<ref<GFile>> choose_folder(GtkWindow* window) {
    const auto dialog = adopt(gtk_file_chooser_native_new(
        "Open Folder", window, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, nullptr, nullptr));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog.get()), true);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog.get()));
    const int response = co_await gtk::native_dialog_response(dialog);
    if (response != GTK_RESPONSE_ACCEPT)
        co_return nullptr;
    co_return adopt(gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog.get())));
}
#endif

int by_name(const void* one, const void* other, void* /*nothing*/) {
    const auto name = [](const void* file) {
        return g_file_info_get_display_name(static_cast<GFileInfo*>(const_cast<void*>(file)));
    };
    return g_utf8_collate(name(one), name(other));
}

class files_page {
public:
    explicit files_page(const ui& window) : window_(window) {
        auto* const sorted =
            gtk_sort_list_model_new(G_LIST_MODEL(g_object_ref(files_.get())),
                                    GTK_SORTER(gtk_custom_sorter_new(by_name, nullptr, nullptr)));
        const auto model = adopt(gtk_no_selection_new(G_LIST_MODEL(sorted)));
        gtk_grid_view_set_model(window_.get<GtkGridView>("files"),
                                GTK_SELECTION_MODEL(model.get()));
    }

    /// The files of a folder, until another one is chosen.
    task<> run(ref<GFile> folder) {
        co_await with_scope([&](scope& children) -> task<> {
            show_tiles(children);
            open_what_is_activated(children);
            if (!folder)
                folder = co_await next_folder();
            for (;;) {
                auto ended = co_await when_any(show(folder), next_folder());
                folder = std::get<1>(std::move(ended));
            }
        });
    }

private:
    task<ref<GFile>> next_folder() {
        for (;;) {
            co_await gio::simple_action_activate(choose_);
            auto folder = co_await choose_folder(window_.get<GtkWindow>("window"));
            if (folder)
                co_return folder;
        }
    }

    /// Scans a folder, and searches in what that finds. Each letter ends the search before it.
    task<> show(ref<GFile> folder) {
        g_list_store_remove_all(files_);
        gtk_editable_set_text(entry(), "");
        show_view("files");
        scanned_ = false;
        co_await with_scope([&](scope& children) -> task<> {
            const auto search = [&] { return search_in(folder); };
            gtk::editable_changed(window_.get<GtkSearchEntry>("search"))
                .connect(children, search, {.restart = true});
            co_await scan_all(folder);
        });
    }

    task<> scan_all(ref<GFile> folder) {
        const at_work spinning(*this);
        const auto errors = co_await scan(folder, [&](GPtrArray* found) {
            g_list_store_splice(files_, count(), 0, found->pdata, found->len);
            const unique_string summary(g_strdup_printf("%u files", count()));
            gtk_label_set_label(window_.get<GtkLabel>("summary"), summary.get());
            more_.set();
            more_.reset();
        });
        scanned_ = true;
        more_.set();
        more_.reset();
        if (!errors.empty())
            show_toast(window_, errors.front().message());
        if (count() == 0)
            show_view("no-files");
    }

    /// What the scan has found, and then what it finds.
    async_generator<ref<GFileInfo>> found() {
        for (guint each = 0;; ++each) {
            while (each == count() && !scanned_)
                co_await more_.wait();
            if (each == count())
                co_return;
            co_yield adopt(
                static_cast<GFileInfo*>(g_list_model_get_item(G_LIST_MODEL(files_.get()), each)));
        }
    }

    task<> search_in(ref<GFile> folder) {
        while (auto* row = gtk_list_box_get_row_at_index(results(), 0))
            gtk_list_box_remove(results(), GTK_WIDGET(row));
        results_.clear();
        const char* const text = gtk_editable_get_text(entry());
        show_view(*text ? "results" : "files");
        if (!*text)
            co_return;
        const at_work spinning(*this);
        const unique_string literal(g_regex_escape_string(text, -1));
        const auto wanted =
            adopt(g_regex_new(literal.get(), G_REGEX_CASELESS, GRegexMatchFlags{}, nullptr));
        const auto look_into = [&](ref<GFileInfo> file) -> task<> {
            const auto line = co_await search(file, wanted);
            if (line && results_.size() < most_results)
                show_result(folder, file, *line);
        };
        co_await for_each(found(), searches_at_once, look_into);
        if (results_.empty())
            show_view("no-results");
    }

    void show_result(GFile* folder, GFileInfo* file, const match& line) {
        const char* before = line.before.c_str();
        const glong length = g_utf8_strlen(before, -1);
        if (length > shown_before)
            before = g_utf8_offset_to_pointer(before, length - shown_before);
        const unique_string path(g_file_get_relative_path(folder, location_of(file)));
        const unique_string shown(g_markup_printf_escaped(
            "%s<b>%s</b>%s", g_strchug(unique_string(g_strdup(before)).get()), line.matched.c_str(),
            line.after.substr(0, 400).c_str()));
        auto* const row = ADW_ACTION_ROW(adw_action_row_new());
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped(path.get()).get());
        adw_action_row_set_subtitle(row, shown.get());
        adw_action_row_set_subtitle_lines(row, 1);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), true);
        const auto icon = adopt(g_content_type_get_icon(content_type_of(file)));
        auto* const image = gtk_image_new_from_gicon(icon);
        gtk_image_set_pixel_size(GTK_IMAGE(image), 32);
        adw_action_row_add_prefix(row, image);
        gtk_list_box_append(results(), GTK_WIDGET(row));
        results_.push_back(ref<GFile>::retain(location_of(file)));
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
            const char* const name = g_file_info_get_display_name(file);
            gtk_label_set_label(tile.get<GtkLabel>("name"), name);
            gtk_widget_set_tooltip_text(tile.get<GtkWidget>("tile"), name);
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
        const auto picture = co_await thumbnail(file);
        if (picture && is_shown())
            gtk_image_set_from_paintable(tiles_.at(item.get()).get<GtkImage>("picture"),
                                         GDK_PAINTABLE(picture.get()));
    }

    void open_what_is_activated(scope& children) {
        const auto open = [&](const ref<GFile>& file) -> task<> {
            const unique_string uri(g_file_get_uri(file));
            const auto opened = co_await as_result(gio::app_info_launch_default_for_uri(uri.get()));
            if (!opened && !opened.was_cancelled())
                show_toast(window_, opened.error().message());
        };
        gtk::grid_view_activate(window_.get<GtkGridView>("files"))
            .connect(children, [=, this, &children](guint position) {
                auto* const model = gtk_grid_view_get_model(window_.get<GtkGridView>("files"));
                const auto file = adopt(
                    static_cast<GFileInfo*>(g_list_model_get_item(G_LIST_MODEL(model), position)));
                children.spawn(open, ref<GFile>::retain(location_of(file)));
            });
        gtk::list_box_row_activated(results()).connect(
            children, [=, this, &children](const ref<GtkListBoxRow>& row) {
                children.spawn(open, results_.at(std::size_t(gtk_list_box_row_get_index(row))));
            });
        gio::simple_action_activate(focus_).connect(children, [&](const ref<GVariant>&) {
            gtk_widget_grab_focus(window_.get<GtkWidget>("search"));
        });
    }

    /// As long as one of these lives the spinner spins.
    class at_work {
    public:
        explicit at_work(files_page& page) : page_(page) {
            ++page_.working_;
            gtk_spinner_start(spinner());
        }
        at_work(const at_work&) = delete;
        at_work& operator=(const at_work&) = delete;
        ~at_work() {
            if (--page_.working_ == 0)
                gtk_spinner_stop(spinner());
        }

    private:
        GtkSpinner* spinner() const { return page_.window_.get<GtkSpinner>("spinner"); }

        files_page& page_;
    };

    GtkEditable* entry() const { return window_.get<GtkEditable>("search"); }
    GtkListBox* results() const { return window_.get<GtkListBox>("results"); }
    guint count() const { return g_list_model_get_n_items(G_LIST_MODEL(files_.get())); }

    void show_view(const char* name) {
        gtk_stack_set_visible_child_name(window_.get<GtkStack>("files-views"), name);
    }

    const ui& window_;
    const ref<GSimpleAction> choose_ = add_action(window_, "choose-folder");
    const ref<GSimpleAction> focus_ = add_action(window_, "search");
    const ref<GListStore> files_ = adopt(g_list_store_new(G_TYPE_FILE_INFO));
    event more_; // which the scan has found
    bool scanned_ = false;
    std::vector<ref<GFile>> results_;
    std::unordered_map<GObject*, ui> tiles_;
    semaphore thumbnails_{thumbnails_at_once};
    int working_ = 0;
};

} // namespace

task<> show_files(const ui& window, ref<GFile> folder) {
    files_page page(window);
    co_await page.run(folder);
}
