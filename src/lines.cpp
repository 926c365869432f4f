#include "gawait/lines.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/typed_operation.hpp"

#include "detail/closes_at_end.hpp"

#include <utility>

namespace gawait::detail {
namespace {

ref<GDataInputStream> as_data(ref<GInputStream> stream) {
    if (G_IS_DATA_INPUT_STREAM(stream.get()))
        return ref_to<GDataInputStream>(reinterpret_cast<GDataInputStream*>(stream.get()));
    auto data = ref<GDataInputStream>::adopt(g_data_input_stream_new(stream));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(data.get()), FALSE);
    return data;
}

} // namespace

async_generator<std::string> lines_of(ref<GInputStream> stream) {
    if (!stream)
        throw invalid_argument_error("gawait::lines_of");
    const auto data = as_data(std::move(stream));
    for (;;) {
        auto read = co_await async(g_data_input_stream_read_line_async,
                                   g_data_input_stream_read_line_finish, data);
        auto& [line, length] = read;
        if (!line)
            break;
        co_yield std::string(line.get(), length);
    }
}

async_generator<std::string> lines_of_file(ref<GFile> file) {
    if (!file)
        throw invalid_argument_error("gawait::lines_of");
    const ref<GFileInputStream> stream =
        co_await async(g_file_read_async, g_file_read_finish, file);
    const closes_stream closing(ref_to<GInputStream>(stream));
    auto lines = lines_of(ref_to<GInputStream>(stream));
    while (std::string* const line = co_await lines.next())
        co_yield std::move(*line);
    co_await async<void>(g_input_stream_close_async, g_input_stream_close_finish,
                         G_INPUT_STREAM(stream.get()));
}

} // namespace gawait::detail
