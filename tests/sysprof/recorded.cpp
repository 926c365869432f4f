// Does what sysprof is to be told of.

#include "gawait/async.hpp"
#include "gawait/named.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"

#include <gio/gio.h>

using namespace gawait;

namespace {

task<> look_at(const char* path) {
    const auto file = ref<GFile>::adopt(g_file_new_for_path(path));
    co_await async(g_file_query_info_async, g_file_query_info_finish, file, "standard::type",
                   G_FILE_QUERY_INFO_NONE);
}

task<> work() {
    co_await with_scope([](scope& children) -> task<> {
        children.spawn(look_at("/"));
        children.spawn(look_at("/dev/null"), "null");
        co_await named("a rest", sleep_for(std::chrono::milliseconds(20)));
    });
}

} // namespace

int main() { run(work()); }
