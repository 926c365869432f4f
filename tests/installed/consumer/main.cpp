// A program of somebody else's, which knows the library by its name only.

#include <gawait/gawait.hpp>

#include <cstdio>
#include <tuple>

namespace {

gawait::task<gsize> length_of(GFile* file) {
    co_await gawait::sleep_for(std::chrono::milliseconds(1));
    const auto [contents, length, tag] =
        co_await gawait::async(g_file_load_contents_async, g_file_load_contents_finish, file);
    co_return length;
}

} // namespace

int main(int, char** arguments) {
    const auto file = gawait::ref<GFile>::adopt(g_file_new_for_path(arguments[1]));
    try {
        std::printf("%zu bytes\n", gawait::run(length_of(file)));
    } catch (const gawait::error& failure) {
        std::printf("error: %s\n", failure.message());
    }
}
