// What is below a directory: directory_scanner PATH [SECONDS]. At most 16 directories are open at a
// time. The time limit and Ctrl-C end it, and what was found until then is told.

#include "gawait/gawait.hpp"

#include <cstdio>
#include <cstdlib>

using namespace gawait;

struct scanner {
    semaphore free{16};
    unsigned long files = 0, directories = 0, failed = 0, bytes = 0;

    task<> scan(scope& children, ref<GFile> directory) try {
        const auto permit = co_await free.hold();
        auto inside = files_of(directory, "standard::name,standard::type,standard::size",
                               G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS);
        while (auto* info = co_await inside.next()) {
            if (g_file_info_get_file_type(*info) == G_FILE_TYPE_DIRECTORY)
                children.spawn(scan(
                    children, adopt(g_file_get_child(directory, g_file_info_get_name(*info)))));
            else
                ++files, bytes += std::size_t(g_file_info_get_size(*info));
        }
        ++directories;
    } catch (const error& failure) {
        ++failed;
        std::fprintf(stderr, "%s\n", failure.message());
    }

    task<> show() {
        for (interval every(std::chrono::milliseconds(200));; co_await every.next())
            std::fprintf(stderr, "%lu files, %lu directories\r", files, directories);
    }

    task<int> scan_within(std::chrono::duration<double> limit, ref<GFile> root) {
        auto all = with_scope([&](scope& children) { return scan(children, root); });
        auto ended = co_await as_result(with_timeout(limit, when_any(std::move(all), show())));
        std::printf("%s: %lu files, %lu directories, %.1f MB, %lu failed\n",
                    ended                   ? "complete"
                    : ended.was_cancelled() ? "interrupted"
                                            : ended.error().message(),
                    files, directories, double(bytes) / 1e6, failed);
        co_return ended ? 0 : ended.was_cancelled() ? 130 : 1;
    }
};

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const std::chrono::duration<double> limit(argc > 2 ? std::atof(argv[2]) : 60);
    return run(scanner().scan_within(limit, adopt(g_file_new_for_commandline_arg(argv[1]))));
}
