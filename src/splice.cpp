#include "gawait/splice.hpp"

#include "gawait/async.hpp"
#include "gawait/detail/typed_operation.hpp"
#include "gawait/result.hpp"
#include "gawait/streams.hpp"
#include "gawait/with_cleanup.hpp"

#include "detail/polled_stream.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace gawait::detail {
namespace {

constexpr std::size_t at_once = 65536;

task<gssize> move_all(GOutputStream* output, GInputStream* input, io_options options) {
    std::vector<std::byte> buffer(at_once);
    gssize moved = 0;
    while (const gssize got = co_await read_from(input, buffer, options)) {
        const std::span<const std::byte> bytes(buffer.data(), std::size_t(got));
        co_await write_all_to(output, bytes, options);
        moved += got;
    }
    co_return moved;
}

task<> close(GOutputStream* output, GInputStream* input, GOutputStreamSpliceFlags flags,
             io_options options) {
    if (flags & G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE) // whose failure GIO does not tell
        (void)co_await as_result(async(g_input_stream_close_async, g_input_stream_close_finish,
                                       input, options.priority));
    if (flags & G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET)
        co_await async<void>(g_output_stream_close_async, g_output_stream_close_finish, output,
                             options.priority);
}

} // namespace

task<gssize> splice_to(ref<GOutputStream> output, ref<GInputStream> input,
                       GOutputStreamSpliceFlags flags, io_options options) {
    if (!output || !input)
        throw invalid_argument_error("g_output_stream_splice_async");
    // For a file, GIO goes to a thread once, not for each piece.
    if (!polled_stream::of(input) || !polled_stream::of(output))
        co_return co_await async(g_output_stream_splice_async, g_output_stream_splice_finish,
                                 output, input, flags, options.priority);
    co_return co_await with_cleanup(move_all(output, input, options),
                                    [&] { return close(output, input, flags, options); });
}

} // namespace gawait::detail
