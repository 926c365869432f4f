// Prints how long a file is, or what failed.

#include <gawait/gawait.hpp>
#include <gawait/gio/file.hpp>

#include <cstdio>

namespace {

gawait::task<> show(const char* path) {
    const auto file = gawait::adopt(g_file_new_for_path(path));
    const auto loaded = co_await gawait::gio::file_load_contents(file);
    std::printf("%zu bytes\n", loaded.contents.size());
}

} // namespace

int main(int, char** arguments) {
    try {
        gawait::run(show(arguments[1]));
    } catch (const gawait::error& failure) {
        std::printf("%s\n", failure.message());
    }
}
