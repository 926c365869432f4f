#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <span>

namespace gawait {

/// What a generator of chunks gives: bytes, which stay valid until the next step.
using chunk = std::span<const std::byte>;

namespace detail {

GAWAIT_API async_generator<chunk> chunks_of(ref<GInputStream> stream, std::size_t at_most);
GAWAIT_API async_generator<chunk> chunks_of_file(ref<GFile> file, std::size_t at_most);

} // namespace detail

/// What a stream gives until its end, as much at a time as is there.
///
///     auto chunks = chunks_of(stream);
///     while (chunk* bytes = co_await chunks.next())
///         hash.update(*bytes);
///
/// @param stream kept, and not closed.
/// @param at_most bytes a chunk, and at least one.
/// @throws error out of `next()`.
template <handle_to<GInputStream> Stream>
async_generator<chunk> chunks_of(const Stream& stream, std::size_t at_most = 65536) {
    return detail::chunks_of(ref_to<GInputStream>(stream), at_most);
}

/// The same of a file, which is opened by the first `next()`, and closed at the end; also when the
/// generator is cancelled, or destroyed before.
template <handle_to<GFile> File>
async_generator<chunk> chunks_of(const File& file, std::size_t at_most = 65536) {
    return detail::chunks_of_file(ref_to<GFile>(file), at_most);
}

} // namespace gawait
