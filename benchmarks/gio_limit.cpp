// Calls asynchronous functions of GIO again and again, each time from the callback of the last,
// and prints what one took as JSON: what an await costs at least.
//
// usage: gio_limit WORK ARGUMENT SECONDS
//
// WORK   read_bytes      4 bytes of a stream in memory
//        load_contents   ARGUMENT/file
//        query_info      of ARGUMENT/file
//        enumerate       the names and types in ARGUMENT/many
//        call            a method of the session's message bus, ARGUMENT calls at once

#include "gawait/ref.hpp"
#include "support/answer.hpp"
#include "support/loop.hpp"
#include "support/timing.hpp"

#include <gio/gio.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gawait::benchmarks {
namespace {

/// An operation: start begins it, and finish takes its result, and returns whether it has ended
/// or goes on with a call by itself, with the same callback and data.
struct operation {
    std::function<void(GAsyncReadyCallback, gpointer)> start;
    std::function<bool(GObject*, GAsyncResult*, GAsyncReadyCallback, gpointer)> finish;
};

/// One operation after the other, until so many have ended.
class chain {
public:
    chain(const operation& repeated, int number) : repeated_(repeated), left_(number) {}

    void begin() { repeated_.start(on_ready, this); }
    const bool& done() const noexcept { return done_; }

private:
    static void on_ready(GObject* source, GAsyncResult* result, gpointer data) {
        auto& self = *static_cast<chain*>(data);
        if (!self.repeated_.finish(source, result, on_ready, data))
            return;
        if (--self.left_ > 0)
            self.begin();
        else
            self.done_ = true;
    }

    const operation& repeated_;
    int left_;
    bool done_ = false;
};

void run(const operation& repeated, int at_once, int number) {
    std::vector<chain> chains(std::size_t(at_once), chain(repeated, number / at_once));
    for (auto& each : chains)
        each.begin();
    for (const auto& each : chains)
        iterate_until(each.done());
}

/// Calls a finish function with an error that is fatal.
template <auto Finish, class Source, class... Arguments>
auto finish(Source* source, GAsyncResult* result, Arguments... arguments) {
    GError* failure = nullptr;
    auto finished = Finish(source, result, arguments..., &failure);
    expect_success(failure);
    return finished;
}

constexpr auto attributes = "standard::name,standard::type";

operation read_bytes() {
    using bytes = std::unique_ptr<GBytes, decltype([](GBytes* owned) { g_bytes_unref(owned); })>;
    const bytes content(g_bytes_new_static("xxxxxxxxxxxxxxxx", 16));
    auto stream = ref<GInputStream>::adopt(g_memory_input_stream_new_from_bytes(content.get()));
    return {[stream](GAsyncReadyCallback callback, gpointer data) {
                g_input_stream_read_bytes_async(stream, 4, G_PRIORITY_DEFAULT, nullptr, callback,
                                                data);
            },
            [](GObject* source, GAsyncResult* result, GAsyncReadyCallback, gpointer) {
                const bytes read(
                    finish<g_input_stream_read_bytes_finish>(G_INPUT_STREAM(source), result));
                return true;
            }};
}

ref<GFile> file_at(const std::string& path) {
    return ref<GFile>::adopt(g_file_new_for_path(path.c_str()));
}

operation load_contents(const std::string& folder) {
    return {[file = file_at(folder + "/file")](GAsyncReadyCallback callback, gpointer data) {
                g_file_load_contents_async(file, nullptr, callback, data);
            },
            [](GObject* source, GAsyncResult* result, GAsyncReadyCallback, gpointer) {
                char* contents = nullptr;
                finish<g_file_load_contents_finish>(G_FILE(source), result, &contents,
                                                    static_cast<gsize*>(nullptr),
                                                    static_cast<char**>(nullptr));
                g_free(contents);
                return true;
            }};
}

operation query_info(const std::string& folder) {
    return {[file = file_at(folder + "/file")](GAsyncReadyCallback callback, gpointer data) {
                g_file_query_info_async(file, "standard::size", G_FILE_QUERY_INFO_NONE,
                                        G_PRIORITY_DEFAULT, nullptr, callback, data);
            },
            [](GObject* source, GAsyncResult* result, GAsyncReadyCallback, gpointer) {
                ref<GFileInfo>::adopt(finish<g_file_query_info_finish>(G_FILE(source), result));
                return true;
            }};
}

operation enumerate(const std::string& folder) {
    const auto next = [](GFileEnumerator* enumerator, GAsyncReadyCallback callback, gpointer data) {
        constexpr int batch = 64;
        g_file_enumerator_next_files_async(enumerator, batch, G_PRIORITY_DEFAULT, nullptr, callback,
                                           data);
    };
    return {
        [file = file_at(folder + "/many")](GAsyncReadyCallback callback, gpointer data) {
            g_file_enumerate_children_async(file, attributes, G_FILE_QUERY_INFO_NONE,
                                            G_PRIORITY_DEFAULT, nullptr, callback, data);
        },
        [next](GObject* source, GAsyncResult* result, GAsyncReadyCallback callback, gpointer data) {
            if (G_IS_FILE(source)) {
                // The pending operation keeps it.
                next(ref<GFileEnumerator>::adopt(
                         finish<g_file_enumerate_children_finish>(G_FILE(source), result)),
                     callback, data);
                return false;
            }
            GFileEnumerator* const enumerator = G_FILE_ENUMERATOR(source);
            GList* const infos = finish<g_file_enumerator_next_files_finish>(enumerator, result);
            if (!infos)
                return true;
            g_list_free_full(infos, g_object_unref);
            next(enumerator, callback, data);
            return false;
        }};
}

operation call_bus() {
    GError* failure = nullptr;
    auto bus = ref<GDBusConnection>::adopt(g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, &failure));
    expect_success(failure);
    return {[bus](GAsyncReadyCallback callback, gpointer data) {
                g_dbus_connection_call(
                    bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    "GetNameOwner", g_variant_new("(s)", "org.freedesktop.DBus"),
                    G_VARIANT_TYPE("(s)"), G_DBUS_CALL_FLAGS_NONE, -1, nullptr, callback, data);
            },
            [](GObject* source, GAsyncResult* result, GAsyncReadyCallback, gpointer) {
                g_variant_unref(
                    finish<g_dbus_connection_call_finish>(G_DBUS_CONNECTION(source), result));
                return true;
            }};
}

operation operation_of(std::string_view work, const std::string& argument) {
    if (work == "read_bytes")
        return read_bytes();
    if (work == "load_contents")
        return load_contents(argument);
    if (work == "query_info")
        return query_info(argument);
    if (work == "enumerate")
        return enumerate(argument);
    if (work == "call")
        return call_bus();
    throw std::invalid_argument(std::string(work));
}

} // namespace
} // namespace gawait::benchmarks

int main(int count, char** arguments) try {
    if (count != 4) {
        std::fprintf(stderr, "usage: %s WORK ARGUMENT SECONDS\n", arguments[0]);
        return EXIT_FAILURE;
    }
    const std::string_view work = arguments[1];
    const auto repeated = gawait::benchmarks::operation_of(work, arguments[2]);
    const int at_once = work == "call" ? std::atoi(arguments[2]) : 1;
    const auto run = [&] { gawait::benchmarks::run(repeated, at_once, 1000); };
    gawait::benchmarks::print_time_of_one(run, 1000, 1, std::atof(arguments[3]));
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "gio_limit: %s\n", failure.what());
    return EXIT_FAILURE;
}
