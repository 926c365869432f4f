// The page of the session bus: names that appear and vanish.

#include "pages.hpp"

#include "gawait/dbus.hpp"
#include "gawait/gio/functions.hpp"
#include "gawait/result.hpp"

#include <fstream>
#include <map>

using namespace gawait;

namespace {

constexpr const char* bus_name = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";

int by_title(GtkListBoxRow* one, GtkListBoxRow* other, void* /*nothing*/) {
    return g_strcmp0(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(one)),
                     adw_preferences_row_get_title(ADW_PREFERENCES_ROW(other)));
}

/// What has a name on the bus; text to be shown.
task<std::string> program_of(ref<GDBusConnection> bus, std::string name) {
    const auto process = co_await as_result(
        dbus::call<guint32>(bus, bus_name, bus_path, bus_name, "GetConnectionUnixProcessID", name));
    std::string program;
    if (process)
        std::getline(std::ifstream("/proc/" + std::to_string(*process) + "/comm"), program);
    if (program.empty())
        co_return "Unknown program"; // it has vanished already, or is out of sight
    co_return program + ", process " + std::to_string(*process);
}

task<> follow(ref<GDBusConnection> bus, GtkListBox* list) {
    std::map<std::string, AdwActionRow*> rows;
    const auto show = [&](std::string name, bool is_there) -> task<> {
        if (name.starts_with(':'))
            co_return; // the bus has made it, for a connection
        AdwActionRow*& row = rows[name];
        if (!row) {
            const ui parts("name.ui");
            row = parts.get<AdwActionRow>("row");
            adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name.c_str());
            gtk_list_box_append(list, GTK_WIDGET(row));
        }
        std::string what;
        if (is_there) {
            what = co_await program_of(bus, name);
        } else {
            const auto now = adopt(g_date_time_new_now_local());
            what = unique_string(g_date_time_format(now, "Vanished at %X")).get();
        }
        adw_action_row_set_subtitle(row, escaped(what).get());
        gtk_widget_set_sensitive(GTK_WIDGET(row), is_there);
    };

    dbus::signals<std::tuple<std::string, std::string, std::string>> changes(
        bus, {.sender = bus_name, .interface = bus_name, .member = "NameOwnerChanged"});
    const auto there = co_await dbus::call<std::vector<std::string>>(bus, bus_name, bus_path,
                                                                     bus_name, "ListNames");
    for (const std::string& name : there)
        co_await show(name, true);
    while (const auto change = co_await changes.next()) {
        const auto& [name, before, owner] = *change;
        co_await show(name, !owner.empty());
    }
    throw error(G_IO_ERROR_CLOSED, "The connection to the bus is closed");
}

task<> follow_session_bus(GtkListBox* list) {
    const auto bus = co_await gio::bus_get(G_BUS_TYPE_SESSION);
    g_dbus_connection_set_exit_on_close(bus, false);
    co_await follow(bus, list);
}

} // namespace

task<> show_bus(const ui& window) {
    auto* const list = window.get<GtkListBox>("names");
    gtk_list_box_set_sort_func(list, by_title, nullptr, nullptr);
    const auto ended = co_await as_result(follow_session_bus(list));
    if (ended.was_cancelled())
        co_return;
    adw_status_page_set_description(window.get<AdwStatusPage>("no_bus"),
                                    escaped(ended.error().message()).get());
    gtk_stack_set_visible_child_name(window.get<GtkStack>("bus_page"), "no-bus");
}
