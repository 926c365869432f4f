// What is in a directory, by giomm's classes: giomm_listing PATH.

#include "gawait/gawait.hpp"
#include "gawait/giomm.hpp"

#include <cstdio>
#include <giomm.h>

using namespace gawait;

namespace {

task<> show(Glib::RefPtr<Gio::File> directory) {
    auto inside = co_await giomm::async(
        [&](auto&... how) { directory->enumerate_children_async(how...); },
        [&](auto& result) { return directory->enumerate_children_finish(result); });
    for (;;) {
        auto files =
            co_await giomm::async([&](auto&... how) { inside->next_files_async(how..., 64); },
                                  [&](auto& result) { return inside->next_files_finish(result); });
        if (files.empty())
            break;
        for (auto& each : files)
            std::printf("%s (%lld bytes)\n", each->get_name().c_str(), (long long)each->get_size());
    }
}

} // namespace

int main(int argc, char** argv) {
    Gio::init();
    if (argc < 2)
        return 2;
    try {
        run(with_timeout(std::chrono::seconds(5), show(Gio::File::create_for_path(argv[1]))));
        return 0;
    } catch (const error& failure) {
        std::fprintf(stderr, "%s\n", failure.message());
        return 1;
    }
}
