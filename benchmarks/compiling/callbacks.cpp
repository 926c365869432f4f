// Prints how long a file is, or what failed.

#include <gio/gio.h>

#include <cstdio>

namespace {

void on_loaded(GObject* file, GAsyncResult* result, gpointer loop) {
    char* contents = nullptr;
    gsize length = 0;
    GError* failure = nullptr;
    if (g_file_load_contents_finish(G_FILE(file), result, &contents, &length, nullptr, &failure))
        std::printf("%zu bytes\n", length);
    else
        std::printf("%s\n", failure->message);
    g_free(contents);
    g_clear_error(&failure);
    g_main_loop_quit(static_cast<GMainLoop*>(loop));
}

} // namespace

int main(int, char** arguments) {
    GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
    GFile* file = g_file_new_for_path(arguments[1]);
    g_file_load_contents_async(file, nullptr, on_loaded, loop);
    g_main_loop_run(loop);
    g_object_unref(file);
    g_main_loop_unref(loop);
}
