// The page of the session bus: names that appear and vanish.

#include "pages.hpp"

#include "gawait/dbus.hpp"
#include "gawait/gio/functions.hpp"
#include "gawait/result.hpp"

#include <map>

using namespace gawait;

namespace {

constexpr const char* bus_name = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";

class names {
public:
    explicit names(GtkListBox* list) : list_(list) {
        gtk_list_box_set_sort_func(list_, in_order, nullptr, nullptr);
    }

    void appear(const std::string& name, const std::string& owner) {
        AdwActionRow*& row = rows_[name];
        if (!row) {
            row = ADW_ACTION_ROW(adw_action_row_new());
            adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped(name.c_str()).get());
            gtk_list_box_append(list_, GTK_WIDGET(row));
        }
        adw_action_row_set_subtitle(row, ("Owned by " + owner).c_str());
        gtk_widget_remove_css_class(GTK_WIDGET(row), "vanished");
    }

    void vanish(const std::string& name) {
        const auto row = rows_.find(name);
        if (row == rows_.end())
            return;
        const auto now = adopt(g_date_time_new_now_local());
        const unique_string when(g_date_time_format(now, "Vanished at %X"));
        adw_action_row_set_subtitle(row->second, when.get());
        gtk_widget_add_css_class(GTK_WIDGET(row->second), "vanished");
    }

private:
    static int in_order(GtkListBoxRow* one, GtkListBoxRow* other, void* /*nothing*/) {
        return g_strcmp0(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(one)),
                         adw_preferences_row_get_title(ADW_PREFERENCES_ROW(other)));
    }

    GtkListBox* list_;
    std::map<std::string, AdwActionRow*> rows_;
};

/// Those that somebody has chosen; others are made by the bus, one for each connection.
bool is_well_known(const std::string& name) { return !name.starts_with(':'); }

task<> follow(ref<GDBusConnection> bus, names& shown) {
    dbus::signals<std::tuple<std::string, std::string, std::string>> changes(
        bus, {.sender = bus_name, .interface = bus_name, .member = "NameOwnerChanged"});
    const auto there = co_await dbus::call<std::vector<std::string>>(bus, bus_name, bus_path,
                                                                     bus_name, "ListNames");
    for (const std::string& name : there) {
        if (!is_well_known(name))
            continue;
        const auto owner = co_await as_result(
            dbus::call<std::string>(bus, bus_name, bus_path, bus_name, "GetNameOwner", name));
        if (owner) // or it has vanished meanwhile
            shown.appear(name, *owner);
    }
    while (const auto change = co_await changes.next()) {
        const auto& [name, before, owner] = *change;
        if (!is_well_known(name))
            continue;
        if (owner.empty())
            shown.vanish(name);
        else
            shown.appear(name, owner);
    }
    throw error(G_IO_ERROR_CLOSED, "The connection to the bus is closed");
}

task<> follow_session_bus(names& shown) {
    co_await follow(co_await gio::bus_get(G_BUS_TYPE_SESSION), shown);
}

} // namespace

task<> show_bus(const ui& window) {
    names shown(window.get<GtkListBox>("names"));
    const auto ended = co_await as_result(follow_session_bus(shown));
    if (ended.was_cancelled())
        co_return;
    adw_status_page_set_description(window.get<AdwStatusPage>("no-bus"), ended.error().message());
    gtk_stack_set_visible_child_name(window.get<GtkStack>("bus-page"), "no-bus");
}
