#include "gawait/chunks.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/typed_operation.hpp"
#include "gawait/streams.hpp"

#include "detail/closes_at_end.hpp"

#include <vector>

namespace gawait::detail {

async_generator<chunk> chunks_of(ref<GInputStream> stream, std::size_t at_most) {
    if (at_most == 0)
        throw error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::chunks_of: a chunk has at least a byte");
    std::vector<std::byte> buffer(at_most);
    for (;;) {
        const gssize count = co_await read_from(stream, buffer);
        if (count == 0)
            break;
        co_yield chunk(buffer.data(), std::size_t(count));
    }
}

async_generator<chunk> chunks_of_file(ref<GFile> file, std::size_t at_most) {
    if (!file)
        throw invalid_argument_error("gawait::chunks_of");
    const ref<GFileInputStream> stream =
        co_await async(g_file_read_async, g_file_read_finish, file);
    const closes_stream closing(ref_to<GInputStream>(stream));
    auto chunks = chunks_of(ref_to<GInputStream>(stream), at_most);
    while (chunk* const each = co_await chunks.next())
        co_yield *each;
    co_await async<void>(g_input_stream_close_async, g_input_stream_close_finish,
                         G_INPUT_STREAM(stream.get()));
}

} // namespace gawait::detail
