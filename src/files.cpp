#include "gawait/files.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/typed_operation.hpp"

#include "detail/closes_at_end.hpp"

namespace gawait::detail {

async_generator<ref<GFileInfo>> files_of(ref<GFile> directory, std::string attributes,
                                         GFileQueryInfoFlags flags) {
    constexpr int at_once = 64;
    if (!directory)
        throw invalid_argument_error("gawait::files_of");
    const ref<GFileEnumerator> enumerator =
        co_await async(g_file_enumerate_children_async, g_file_enumerate_children_finish, directory,
                       attributes.c_str(), flags);
    const closes_enumerator closing(enumerator);
    for (;;) {
        const auto batch = co_await async<list<GFileInfo>>(g_file_enumerator_next_files_async,
                                                           g_file_enumerator_next_files_finish,
                                                           enumerator, at_once);
        if (batch.empty())
            break;
        for (GFileInfo* const each : batch)
            co_yield ref<GFileInfo>::retain(each);
    }
    co_await async<void>(g_file_enumerator_close_async, g_file_enumerator_close_finish, enumerator);
}

} // namespace gawait::detail
