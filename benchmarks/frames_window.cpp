// Counts the frames of a GTK 4 window that always redraws, beside sources of GLib's own: what
// python/frames.py does, in C.
//
// usage: frames_window BESIDE SECONDS
//
// BESIDE   nothing
//          idles     so many as a redraw lets run: a thousand that are always ready
//
// Prints, as JSON, when frames were painted (in microseconds), how many operations were done
// beside them, and how much of a processor the process got.

#include "support/timing.hpp"

#include <gtk/gtk.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace gawait::benchmarks {
namespace {

constexpr guint warm_up = 500; // ms, in which the window appears
constexpr int idles = 1000;

struct counts {
    std::vector<gint64> painted;
    long operations = 0;
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

int run(std::string_view beside, double seconds) {
    counts counted;
    gtk_window_present(GTK_WINDOW(new_window(counted)));
    run_for(counted, warm_up);
    const auto count = [](gpointer operations) -> gboolean {
        ++*static_cast<long*>(operations);
        return G_SOURCE_CONTINUE;
    };
    for (int left = beside == "idles" ? idles : 0; left > 0; --left)
        g_idle_add(count, &counted.operations);
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
    if (count != 3 || !gtk_init_check())
        return EXIT_FAILURE;
    return gawait::benchmarks::run(arguments[1], std::atof(arguments[2]));
}
