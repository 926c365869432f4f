// A tree of files: finding them, looking into them, and their thumbnails. Nothing here is shown.

#include "tree.hpp"

#include "gawait/files.hpp"
#include "gawait/gdkpixbuf/pixbuf.hpp"
#include "gawait/gio/file.hpp"
#include "gawait/scope.hpp"
#include "gawait/semaphore.hpp"
#include "gawait/to_thread.hpp"
#include "gawait/with_cancellable.hpp"

#include <string_view>

using namespace gawait;

namespace {

constexpr std::size_t folders_at_once = 16;
constexpr goffset largest_searched = 1 << 20;   // bytes
constexpr gint64 largest_picture = 100'000'000; // pixels
constexpr int thumbnail_size = 192;             // pixels
constexpr const char* attributes = "standard::name,standard::display-name,standard::type,"
                                   "standard::size,standard::is-hidden,"
                                   "standard::fast-content-type";

int by_name(const void* one, const void* other) {
    const auto name = [](const void* file) {
        return g_file_info_get_display_name(*static_cast<GFileInfo* const*>(file));
    };
    return g_ascii_strcasecmp(name(one), name(other));
}

struct tree_scan {
    ref<GPtrArray> found;
    semaphore free{folders_at_once};
    std::vector<error> errors;

    task<> scan(scope& children, ref<GFile> folder) try {
        const auto permit = co_await free.hold();
        auto files = adopt(g_ptr_array_new_with_free_func(g_object_unref));
        auto inside = files_of(folder, attributes, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS);
        while (ref<GFileInfo>* info = co_await inside.next()) {
            const auto file = adopt(g_file_get_child(folder, g_file_info_get_name(*info)));
            const GFileType type = g_file_info_get_file_type(*info);
            if (g_file_info_get_is_hidden(*info))
                continue;
            if (type == G_FILE_TYPE_DIRECTORY)
                children.spawn(scan(children, file));
            if (type != G_FILE_TYPE_REGULAR)
                continue;
            g_file_info_set_attribute_object(*info, "standard::file", G_OBJECT(file.get()));
            g_ptr_array_add(files, info->release());
        }
        g_ptr_array_sort(files, by_name);
        g_ptr_array_extend_and_steal(found, files.release());
    } catch (const error& failure) {
        errors.push_back(failure);
    }
};

std::string valid(std::string_view text) {
    return unique_string(g_utf8_make_valid(text.data(), gssize(text.size()))).get();
}

// Runs in a worker thread.
std::optional<match> find(ref<GFile> file, ref<GRegex> wanted, ref<GCancellable> cancellable) {
    char* loaded = nullptr;
    gsize length = 0;
    if (!g_file_load_contents(file, cancellable, &loaded, &length, nullptr, nullptr))
        return std::nullopt;
    const unique_string owned(loaded);
    if (std::string_view(loaded, length).find('\0') != std::string_view::npos)
        return std::nullopt;
    const std::string contents = valid({loaded, length});
    GMatchInfo* matched = nullptr;
    const bool is_there = g_regex_match(wanted, contents.c_str(), GRegexMatchFlags{}, &matched);
    const auto owner = adopt(matched);
    int begin = 0, end = 0;
    if (!is_there || !g_match_info_fetch_pos(matched, 0, &begin, &end))
        return std::nullopt;
    const auto from = std::size_t(begin), to = std::size_t(end);
    const std::size_t line = from == 0 ? 0 : contents.rfind('\n', from - 1) + 1;
    const std::size_t line_end = std::min(contents.find('\n', to), contents.size());
    return match{contents.substr(line, from - line), contents.substr(from, to - from),
                 contents.substr(to, line_end - to)};
}

} // namespace

GFile* location_of(GFileInfo* file) {
    return G_FILE(g_file_info_get_attribute_object(file, "standard::file"));
}

const char* content_type_of(GFileInfo* file) {
    return g_file_info_get_attribute_string(file, "standard::fast-content-type");
}

task<std::vector<error>> scan(ref<GFile> folder, ref<GPtrArray> found) {
    tree_scan all{.found = std::move(found)};
    co_await with_scope([&](scope& children) { return all.scan(children, folder); });
    co_return std::move(all.errors);
}

task<std::optional<match>> search(ref<GFileInfo> file, ref<GRegex> wanted) {
    const goffset size = g_file_info_get_size(file);
    if (size == 0 || size > largest_searched)
        co_return std::nullopt;
    const auto cancellable = ref<GCancellable>::retain(co_await current_cancellable());
    const auto location = ref<GFile>::retain(location_of(file));
    co_return co_await to_thread(find, location, wanted, cancellable);
}

task<ref<GdkTexture>> thumbnail(ref<GFileInfo> file) {
    GFile* const location = location_of(file);
    const auto size = co_await gdkpixbuf::pixbuf_get_file_info(g_file_peek_path(location));
    if (gint64(size.width) * size.height > largest_picture)
        throw error(G_IO_ERROR_NOT_SUPPORTED, "It has too many pixels for a preview");
    const auto stream = co_await gio::file_read(location);
    const auto scaled = co_await gdkpixbuf::pixbuf_new_from_stream_at_scale(stream, thumbnail_size,
                                                                            thumbnail_size, true);
    const auto upright = adopt(gdk_pixbuf_apply_embedded_orientation(scaled));
    co_return adopt(gdk_texture_new_for_pixbuf(upright));
}
