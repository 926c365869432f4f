// The same with the typed functions.

#include <gawait/gawait.hpp>
#include <gawait/gio/file.hpp>

#include <cstdio>

int main(int, char** arguments) {
    const auto file = gawait::ref<GFile>::adopt(g_file_new_for_path(arguments[1]));
    try {
        const auto loaded = gawait::run(gawait::gio::file_load_contents(file));
        std::printf("%zu bytes\n", loaded.contents.size());
    } catch (const gawait::error& failure) {
        std::printf("error: %s\n", failure.message());
    }
}
