#pragma once

#include "gawait/arguments.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

namespace gawait {
namespace detail {

GAWAIT_API task<gssize> splice_to(ref<GOutputStream> output, ref<GInputStream> input,
                                  GOutputStreamSpliceFlags flags, io_options options);

} // namespace detail

/// Moves all that an input stream gives to an output stream, until its end:
/// `g_output_stream_splice_async()`. Between two streams over descriptors the bytes go as
/// `read_from()` and `write_all_to()` take them, and each stream has a pending operation while it
/// is read or written, not in between.
///
/// Cancelled or failing while it writes, it loses what was read by then and not written, up to
/// 64 KiB, as GIO's does: that cannot be put back, and to write it first might take for ever. What
/// must arrive whole is awaited by `shield()`, or ended by closing what feeds the input.
///
/// @param output where to; it comes first, as in GIO.
/// @param flags which of the two is closed at the end, also when it failed or was cancelled.
/// @return how many bytes it were.
/// @throws error what reading or writing failed with, or closing the output stream, as in GIO.
template <handle_to<GOutputStream> Output, handle_to<GInputStream> Input>
task<gssize> splice_to(const Output& output, const Input& input,
                       GOutputStreamSpliceFlags flags = G_OUTPUT_STREAM_SPLICE_NONE,
                       io_options options = {}) {
    return detail::splice_to(ref_to<GOutputStream>(output), ref_to<GInputStream>(input), flags,
                             options);
}

} // namespace gawait
