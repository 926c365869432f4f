// Counts the frames of a GTK 4 window that always redraws, beside sources of GLib's own: what
// python/frames.py does, in C.
//
// usage: frames_window BESIDE SECONDS ECHO_CLIENT
//
// BESIDE   nothing
//          idles     so many as a redraw lets run: a thousand that are always ready
//          flood     a million idles a second
//          gio       5000 operations of GIO's in flight
//          echo      an echo by GIO's streams, to which ECHO_CLIENT talks
//
// Prints, as JSON, when frames were painted (in microseconds), how many operations were done
// beside them, and how much of a processor the process got.

#include "echo/callback_connection.hpp"
#include "echo/gio_listener.hpp"
#include "support/timing.hpp"

#include <gtk/gtk.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gawait::benchmarks {
namespace {

constexpr guint warm_up = 500; // ms, in which the window appears
constexpr int idles = 1000;
constexpr double rate = 1e6;    // idles a second, of a flood
constexpr long most_due = 1000; // of them at once, where they are not kept up with
constexpr int in_flight = 5000; // operations of GIO's

struct counts {
    std::vector<gint64> painted;
    long operations = 0;
    gint64 began = 0;
    bool done = false;
};

gboolean draw_again(GtkWidget* area, GdkFrameClock*, gpointer) {
    gtk_widget_queue_draw(area);
    return G_SOURCE_CONTINUE;
}

void draw(GtkDrawingArea*, cairo_t* onto, int, int, gpointer data) {
    const auto frame = static_cast<counts*>(data)->painted.size();
    cairo_set_source_rgb(onto, double(frame % 60) / 60, 0.5, 0.5);
    cairo_paint(onto);
}

void on_painted(GdkFrameClock*, gpointer data) {
    static_cast<counts*>(data)->painted.push_back(g_get_monotonic_time());
}

void on_realize(GtkWidget* window, gpointer data) {
    GdkSurface* const surface = gtk_native_get_surface(GTK_NATIVE(window));
    g_signal_connect(gdk_surface_get_frame_clock(surface), "after-paint", G_CALLBACK(on_painted),
                     data);
}

GtkWidget* new_window(counts& counted) {
    GtkWidget* const window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 400, 300);
    GtkWidget* const area = gtk_drawing_area_new();
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw, &counted, nullptr);
    gtk_widget_add_tick_callback(area, draw_again, nullptr, nullptr);
    gtk_window_set_child(GTK_WINDOW(window), area);
    g_signal_connect_after(window, "realize", G_CALLBACK(on_realize), &counted);
    return window;
}

void run_for(counts& counted, guint milliseconds) {
    counted.done = false;
    const auto end = [](gpointer done) -> gboolean {
        *static_cast<bool*>(done) = true;
        return G_SOURCE_REMOVE;
    };
    // Before everything else: what is beside it may never let it run.
    g_timeout_add_full(-1000, milliseconds, end, &counted.done, nullptr);
    while (!counted.done)
        g_main_context_iteration(nullptr, TRUE);
}

// What runs beside the window; each counts its operations.

gboolean count_always(gpointer operations) {
    ++*static_cast<long*>(operations);
    return G_SOURCE_CONTINUE;
}

gboolean count_once(gpointer operations) {
    ++*static_cast<long*>(operations);
    return G_SOURCE_REMOVE;
}

void run_idles(counts& counted) {
    for (int left = idles; left > 0; --left)
        g_idle_add(count_always, &counted.operations);
}

gboolean add_due(gpointer data) {
    auto& counted = *static_cast<counts*>(data);
    const double since = double(g_get_monotonic_time() - counted.began) / 1e6;
    const long due = long(since * rate) - counted.operations;
    for (long left = std::min(due, most_due); left > 0; --left)
        g_idle_add(count_once, &counted.operations);
    return G_SOURCE_CONTINUE;
}

void flood(counts& counted) {
    counted.began = g_get_monotonic_time();
    g_timeout_add(1, add_due, &counted);
}

void query(GFile* file, counts& counted) {
    g_file_query_info_async(
        file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, nullptr,
        [](GObject* source, GAsyncResult* result, gpointer data) {
            auto& counted = *static_cast<counts*>(data);
            const auto info =
                ref<GFileInfo>::adopt(g_file_query_info_finish(G_FILE(source), result, nullptr));
            ++counted.operations;
            query(G_FILE(source), counted);
        },
        &counted);
}

void query_files(counts& counted) {
    const auto file = ref<GFile>::adopt(g_file_new_for_path("/proc/self/exe"));
    for (int left = in_flight; left > 0; --left)
        query(file, counted);
}

gboolean incoming(GSocketService*, GSocketConnection* accepted, GObject*, gpointer messages) {
    callback_connection::begin(accepted, *static_cast<long*>(messages));
    return TRUE;
}

/// An echo server, until it is destroyed, and its client.
class echo {
public:
    echo(counts& counted, const char* client, double seconds)
        : service_(ref<GSocketService>::adopt(g_socket_service_new())) {
        g_signal_connect(service_, "incoming", G_CALLBACK(incoming), &counted.operations);
        const auto address = listen_on_loopback(G_SOCKET_LISTENER(service_.get()));
        const auto own = std::to_string(getpid()), until = std::to_string(seconds + 1);
        client_ = ref<GSubprocess>::adopt(g_subprocess_new(
            GSubprocessFlags(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE),
            nullptr, client, address.c_str(), own.c_str(), "10", "1024", "0", until.c_str(),
            nullptr));
    }
    ~echo() { g_subprocess_force_exit(client_); }

private:
    ref<GSocketService> service_;
    ref<GSubprocess> client_;
};

int run(std::string_view beside, double seconds, const char* echo_client) {
    counts counted;
    gtk_window_present(GTK_WINDOW(new_window(counted)));
    run_for(counted, warm_up);
    std::optional<echo> echoing;
    if (beside == "idles")
        run_idles(counted);
    else if (beside == "flood")
        flood(counted);
    else if (beside == "gio")
        query_files(counted);
    else if (beside == "echo")
        echoing.emplace(counted, echo_client, seconds);
    const gint64 begin = g_get_monotonic_time();
    const auto used = own_processor_time();
    run_for(counted, guint(1000 * seconds));
    const gint64 end = g_get_monotonic_time();
    const std::chrono::duration<double> processor = own_processor_time() - used;
    std::printf(R"({"seconds": %f, "processor_seconds": %f, "operations": %ld, "painted": [)",
                double(end - begin) / 1e6, processor.count(), counted.operations);
    const char* separator = "";
    for (const gint64 at : counted.painted) {
        if (at < begin || at > end)
            continue;
        std::printf("%s%ld", separator, long(at - begin));
        separator = ", ";
    }
    std::puts("]}");
    return EXIT_SUCCESS;
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) {
    if (count != 4 || !gtk_init_check())
        return EXIT_FAILURE;
    return gawait::benchmarks::run(arguments[1], std::atof(arguments[2]), arguments[3]);
}
