#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <string>

namespace gawait {
namespace detail {

GAWAIT_API async_generator<std::string> lines_of(ref<GInputStream> stream);
GAWAIT_API async_generator<std::string> lines_of_file(ref<GFile> file);

} // namespace detail

/// The lines of a stream, without the newlines; the last one need not have one. They are what bytes
/// there are, in whatever encoding.
///
///     auto lines = lines_of(stream);
///     while (std::string* line = co_await lines.next())
///         use(*line);
///
/// @param stream kept, and not closed. Of a `GDataInputStream` nothing is lost if the lines are not
///     read to their end; of any other what has been read ahead is.
/// @throws error out of `next()`.
template <handle_to<GInputStream> Stream>
async_generator<std::string> lines_of(const Stream& stream) {
    return detail::lines_of(ref_to<GInputStream>(stream));
}

/// The lines of a file, which is opened by the first `next()`, and closed at the end; also when the
/// generator is cancelled, or destroyed before.
template <handle_to<GFile> File> async_generator<std::string> lines_of(const File& file) {
    return detail::lines_of_file(ref_to<GFile>(file));
}

} // namespace gawait
