#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <string>
#include <utility>

namespace gawait {
namespace detail {

GAWAIT_API async_generator<ref<GFileInfo>> files_of(ref<GFile> directory, std::string attributes,
                                                    GFileQueryInfoFlags flags);

} // namespace detail

/// The files of a directory, in no order, without "." and "..". They are fetched in batches.
///
///     auto files = files_of(directory);
///     while (ref<GFileInfo>* info = co_await files.next())
///         show(g_file_info_get_name(*info));
///
/// The directory is opened by the first `next()`, and closed at the end; also when the generator is
/// cancelled, or destroyed before.
///
/// @param directory kept.
/// @param attributes what to find out of each, as for `g_file_enumerate_children_async()`.
/// @throws error out of `next()`.
template <handle_to<GFile> File>
async_generator<ref<GFileInfo>> files_of(const File& directory,
                                         std::string attributes = "standard::*",
                                         GFileQueryInfoFlags flags = G_FILE_QUERY_INFO_NONE) {
    return detail::files_of(ref_to<GFile>(directory), std::move(attributes), flags);
}

} // namespace gawait
