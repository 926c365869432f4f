// What `./demo` runs: real D-Bus and file work, with every step checked.

#include "gawait/gawait.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;

namespace {

// Telling -------------------------------------------------------------------------

using milliseconds = std::chrono::duration<double, std::milli>;

struct step_failed : std::runtime_error {
    using runtime_error::runtime_error;
};

void require(bool condition, const char* what) {
    if (!condition)
        throw step_failed(what);
}

/// Awaits a step, which gives what to say about it, and prints that with its time.
task<> step(const char* name, task<std::string> work) {
    const auto begin = clock::now();
    const std::string came = co_await work;
    std::printf("  %-18s %-64s %8.1f ms\n", name, came.c_str(),
                milliseconds(clock::now() - begin).count());
}

std::string format(const char* pattern, auto... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

// The bus, and a service of our own on it -----------------------------------------

/// A dbus-daemon of our own, started by GLib where there is no session bus.
class private_bus {
public:
    void start() {
        bus_ = ref<GTestDBus>::adopt(g_test_dbus_new(G_TEST_DBUS_NONE));
        g_test_dbus_up(bus_);
    }

    bool started() const { return bus_; }

    ~private_bus() {
        if (bus_)
            g_test_dbus_stop(bus_);
    }

private:
    ref<GTestDBus> bus_;
};

task<ref<GDBusConnection>> connect(private_bus& fallback) {
    auto session = co_await as_result(async(g_bus_get, g_bus_get_finish, G_BUS_TYPE_SESSION));
    if (session)
        co_return std::move(*session);
    fallback.start();
    co_return co_await async(g_bus_get, g_bus_get_finish, G_BUS_TYPE_SESSION);
}

constexpr const char* service_path = "/org/gawait/Demo";
constexpr const char* service_interface = "org.gawait.Demo";
constexpr const char* service_xml = R"(
    <node><interface name="org.gawait.Demo">
      <method name="Wait">
        <arg name="milliseconds" type="u" direction="in"/>
        <arg name="waited" type="u" direction="out"/>
      </method>
    </interface></node>)";

/// Answers one call, after the time that it asks for.
task<> answer_wait(ref<GDBusMethodInvocation> call, unsigned length) {
    co_await sleep_for(std::chrono::milliseconds(length));
    g_dbus_method_invocation_return_value(call.release(), g_variant_new("(u)", length));
}

/// Serves `org.gawait.Demo` on a connection for as long as it lives.
class service {
public:
    explicit service(ref<GDBusConnection> bus) : bus_(std::move(bus)) {
        const auto node =
            ref<GDBusNodeInfo>::adopt(g_dbus_node_info_new_for_xml(service_xml, nullptr));
        static const GDBusInterfaceVTable table = {
            .method_call =
                [](GDBusConnection*, const char*, const char*, const char*, const char*,
                   GVariant* arguments, GDBusMethodInvocation* call, gpointer self) {
                    unsigned length = 0;
                    g_variant_get(arguments, "(u)", &length);
                    static_cast<service*>(self)->calls_.push_back(
                        spawn(answer_wait(ref<GDBusMethodInvocation>::adopt(call), length)));
                },
            .get_property = nullptr,
            .set_property = nullptr,
            .padding = {},
        };
        registration_ = g_dbus_connection_register_object(bus_, service_path, node->interfaces[0],
                                                          &table, this, nullptr, nullptr);
    }

    service(const service&) = delete;
    service& operator=(const service&) = delete;

    ~service() {
        g_dbus_connection_unregister_object(bus_, registration_);
        for (const auto& each : calls_)
            each.cancel();
    }

private:
    ref<GDBusConnection> bus_;
    unsigned registration_ = 0;
    std::vector<join_handle<void>> calls_;
};

/// Calls the service over the bus, as any other process would.
task<unsigned> call_wait(ref<GDBusConnection> bus, unsigned length) {
    const auto reply = co_await async(g_dbus_connection_call, g_dbus_connection_call_finish, bus,
                                      g_dbus_connection_get_unique_name(bus), service_path,
                                      service_interface, "Wait", g_variant_new("(u)", length),
                                      G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1);
    unsigned waited = 0;
    g_variant_get(reply, "(u)", &waited);
    co_return waited;
}

// The steps -----------------------------------------------------------------------

task<std::string> call_twenty_times(ref<GDBusConnection> bus) {
    const auto begin = clock::now();
    std::vector<task<unsigned>> calls(20);
    for (auto& each : calls)
        each = call_wait(bus, 100);
    const auto replies = co_await when_all(std::move(calls));
    for (const unsigned each : replies)
        require(each == 100, "a reply is not what was asked for");
    const milliseconds length = clock::now() - begin;
    require(length < 1s, "the calls were made one after the other");
    co_return format("%zu calls that take 100 ms each, all answered", replies.size());
}

task<std::string> list_directory(std::filesystem::path path) {
    const auto directory = ref<GFile>::adopt(g_file_new_for_path(path.c_str()));
    const auto entries =
        co_await async(g_file_enumerate_children_async, g_file_enumerate_children_finish, directory,
                       G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS);
    std::size_t count = 0;
    std::size_t batches = 0;
    for (;; ++batches) {
        const auto batch = co_await async<list<GFileInfo>>(
            g_file_enumerator_next_files_async, g_file_enumerator_next_files_finish, entries, 100);
        if (batch.empty())
            break;
        count += batch.size();
    }
    co_await async<void>(g_file_enumerator_close_async, g_file_enumerator_close_finish, entries);
    const auto expected = std::distance(std::filesystem::directory_iterator(path), {});
    require(count == std::size_t(expected), "the listing differs from the directory");
    require(count >= 100, "the directory is too small to show anything");
    co_return format("%s has %zu entries, read in %zu batches", path.c_str(), count, batches);
}

task<std::string> write_and_read(std::filesystem::path path) {
    std::string text;
    while (text.size() < 1'000'000)
        text += "await for everything GLib can do\n";
    const auto file = ref<GFile>::adopt(g_file_new_for_path(path.c_str()));
    const auto bytes = ref<GBytes>::adopt(g_bytes_new_static(text.data(), text.size()));
    const auto new_etag = co_await async<unique_string>(
        [&](GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
            g_file_replace_contents_bytes_async(file, bytes, nullptr, FALSE, G_FILE_CREATE_NONE,
                                                cancellable, callback, data);
        },
        g_file_replace_contents_finish);
    const auto [contents, length, etag] =
        co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
    require(std::string_view(contents.get(), length) == text, "the file holds something else");
    co_return format("%zu bytes written, and read again the same", length);
}

task<std::string> cancel_call(ref<GDBusConnection> bus) {
    const auto cancellable = ref<GCancellable>::adopt(g_cancellable_new());
    const auto cancel_later = [](GCancellable* late) -> task<> {
        co_await sleep_for(200ms);
        g_cancellable_cancel(late);
    };
    const auto begin = clock::now();
    const auto later = spawn(cancel_later(cancellable));
    // With a GCancellable of our own in place of the task's, to see the GError itself.
    const auto reply = co_await as_result(async(
        [&](GCancellable*, GAsyncReadyCallback callback, gpointer data) {
            g_dbus_connection_call(bus, g_dbus_connection_get_unique_name(bus), service_path,
                                   service_interface, "Wait", g_variant_new("(u)", 10'000u),
                                   nullptr, G_DBUS_CALL_FLAGS_NONE, -1, cancellable, callback,
                                   data);
        },
        g_dbus_connection_call_finish));
    const milliseconds length = clock::now() - begin;
    require(reply.has_error() && reply.error().matches(G_IO_ERROR_CANCELLED),
            "the call did not end with G_IO_ERROR_CANCELLED");
    require(length >= 200ms && length < 5s, "the call did not end when it was cancelled");
    co_return format("a call of 10 s ended with G_IO_ERROR_CANCELLED: %s", reply.error().message());
}

task<std::string> cancel_task(ref<GDBusConnection> bus) {
    const auto calling = spawn(call_wait(bus, 10'000));
    co_await sleep_for(200ms);
    calling.cancel();
    const auto outcome = co_await as_result(calling);
    require(outcome.was_cancelled(), "the task was not cancelled");
    co_return std::string("a task cancelled in the middle of such a call threw gawait::cancelled");
}

/// Ticks for as long as it is let.
task<> tick(unsigned& ticks, clock::duration& longest_gap) {
    auto last = clock::now();
    for (;;) {
        co_await sleep_for(5ms);
        const auto now = clock::now();
        longest_gap = std::max(longest_gap, now - last);
        last = now;
        ++ticks;
    }
}

task<> all_steps(private_bus& fallback, const std::filesystem::path& scratch) {
    ref<GDBusConnection> bus;
    const auto connecting = [](private_bus& daemon, ref<GDBusConnection>& to) -> task<std::string> {
        to = co_await connect(daemon);
        g_dbus_connection_set_exit_on_close(to, FALSE);
        co_return format("%s, as %s", daemon.started() ? "a private bus" : "the session bus",
                         g_dbus_connection_get_unique_name(to));
    };
    co_await step("connect", connecting(fallback, bus));
    const service serving(bus);
    co_await step("call", call_twenty_times(bus));
    co_await step("list", list_directory("/usr/bin"));
    co_await step("write and read", write_and_read(scratch / "file"));
    co_await step("cancel a call", cancel_call(bus));
    co_await step("cancel a task", cancel_task(bus));
}

task<> demo() {
    const auto begin = clock::now();
    private_bus fallback;
    const auto scratch =
        std::filesystem::temp_directory_path() / ("gawait-demo-" + std::to_string(g_random_int()));
    std::filesystem::create_directory(scratch);
    unsigned ticks = 0;
    clock::duration longest_gap{};
    auto outcome =
        co_await as_result(when_any(all_steps(fallback, scratch), tick(ticks, longest_gap)));
    std::filesystem::remove_all(scratch);
    outcome.value();
    const milliseconds length = clock::now() - begin;
    require(ticks * 50.0 >= length.count(), "the timer hardly ticked: something blocked");
    std::printf("  %-18s %-64s %8.1f ms\n", "tick",
                format("all the while every 5 ms: %u times, the longest gap %.1f ms", ticks,
                       milliseconds(longest_gap).count())
                    .c_str(),
                length.count());
}

} // namespace

int main() {
    std::printf("gawait in C++\n");
    try {
        run(demo());
        return EXIT_SUCCESS;
    } catch (const std::exception& failure) {
        std::fflush(stdout);
        std::fprintf(stderr, "demo: %s\n", failure.what());
        return EXIT_FAILURE;
    }
}
