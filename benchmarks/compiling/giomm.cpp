// Prints how long a file is, or what failed.

#include <giomm.h>

#include <cstdio>

int main(int, char** arguments) {
    Gio::init();
    const auto loop = Glib::MainLoop::create();
    const auto file = Gio::File::create_for_path(arguments[1]);
    file->load_contents_async([&](const Glib::RefPtr<Gio::AsyncResult>& result) {
        try {
            char* contents = nullptr;
            gsize length = 0;
            file->load_contents_finish(result, contents, length);
            std::printf("%zu bytes\n", length);
            g_free(contents);
        } catch (const Glib::Error& failure) {
            std::printf("%s\n", failure.what());
        }
        loop->quit();
    });
    loop->run();
}
