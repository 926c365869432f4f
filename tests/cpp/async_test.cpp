#include "gawait/async.hpp"

#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_cancellable.hpp"

#include "support/late_operation.hpp"
#include "support/loop.hpp"
#include "support/session_bus.hpp"
#include "support/temporary_directory.hpp"
#include "support/thread_allocations.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

template <class T> ref<T> own(T* object) { return ref<T>::adopt(object); }

ref<GObject> new_object() { return own(G_OBJECT(g_object_new(G_TYPE_OBJECT, nullptr))); }

/// What the error of an operation is, which must fail.
template <class Awaitable> error error_of(Awaitable awaited) {
    try {
        run(std::move(awaited));
    } catch (const error& failure) {
        return failure;
    }
    ADD_FAILURE() << "it did not fail";
    return error(G_IO_ERROR_FAILED, "no error");
}

// A C library ----------------------------------------------------------------------

/// Operations as other libraries have them, whose end the test brings about.
namespace library {

/// What the start function of an operation got.
struct started {
    GObject* source = nullptr;
    int number = 0;
    std::string text;
    int priority = 0;
    double factor = 0;
    ref<GTask> task;
};

std::vector<started> operations;
int finished = 0;

struct reset {
    reset() {
        operations.clear();
        finished = 0;
    }
    ~reset() { operations.clear(); }
};

/// The last operation begun, which the library then forgets.
ref<GTask> take_last() {
    auto last = std::move(operations.back().task);
    operations.pop_back();
    return last;
}

void held_async(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                gpointer data) {
    auto task = own(g_task_new(source, cancellable, callback, data));
    operations.push_back({.source = source, .text = {}, .task = std::move(task)});
}

int held_finish(GObject* source, GAsyncResult* result, GError** failure) {
    EXPECT_TRUE(g_task_is_valid(result, source));
    ++finished;
    return int(g_task_propagate_int(G_TASK(result), failure));
}

/// Gives its number by and by.
void number_async(GObject* source, int number, GCancellable* cancellable,
                  GAsyncReadyCallback callback, gpointer data) {
    const auto task = own(g_task_new(source, cancellable, callback, data));
    g_task_return_int(task, number);
}

int number_finish(GObject*, GAsyncResult* result, GError** failure) {
    return int(g_task_propagate_int(G_TASK(result), failure));
}

void everything_async(GObject* source, int number, const char* text, int priority,
                      GCancellable* cancellable, double factor, GAsyncReadyCallback callback,
                      gpointer data) {
    const auto task = own(g_task_new(source, cancellable, callback, data));
    operations.push_back({source, number, text, priority, factor, {}});
    g_task_return_boolean(task, TRUE);
}

gboolean everything_finish(GObject*, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

/// Takes over what floats, as C functions do.
void store_async(GObject* source, GVariant* value, GCancellable* cancellable,
                 GAsyncReadyCallback callback, gpointer data) {
    const auto taken = own(g_variant_ref_sink(value));
    const auto task = own(g_task_new(source, cancellable, callback, data));
    g_task_return_boolean(task, TRUE);
}

gboolean store_finish(GObject*, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

/// Neither cancellable nor object nor error.
void plain_async(int number, GAsyncReadyCallback callback, gpointer data) {
    const auto task = own(g_task_new(nullptr, nullptr, callback, data));
    g_task_return_int(task, number);
}

int plain_finish(GAsyncResult* result) {
    return int(g_task_propagate_int(G_TASK(result), nullptr));
}

void void_finish(GAsyncResult* result) {
    finished = int(g_task_propagate_int(G_TASK(result), nullptr));
}

void void_out_finish(GAsyncResult* result, int* number, char** text) {
    *number = plain_finish(result);
    *text = g_strdup("text");
}

void void_error_finish(GAsyncResult*, GError** failure) {
    g_set_error_literal(failure, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
}

gboolean false_finish(GAsyncResult*, GError**) { return FALSE; }
gboolean false_out_finish(GAsyncResult*, int* number, GError**) {
    *number = 7;
    return FALSE;
}
gboolean false_without_error_out_finish(GAsyncResult*, int*) { return FALSE; }
GObject* null_finish(GAsyncResult*, GError**) { return nullptr; }
gssize negative_finish(GAsyncResult*, GError**) { return -1; }

GList* list_out_finish(GAsyncResult*, int* length, GError**) {
    *length = 2;
    return g_list_append(g_list_append(nullptr, new_object().release()), new_object().release());
}

GObject* values_finish(GAsyncResult*, const char** borrowed, char*** strings, gint64** numbers,
                       GVariant** variant, GError**) {
    *borrowed = "borrowed";
    *strings = g_strsplit("a b", " ", 0);
    *numbers = g_new0(gint64, 2);
    (*numbers)[1] = 1;
    *variant = g_variant_ref_sink(g_variant_new_int32(5));
    return new_object().release();
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

/// An operation of the kind there was before `GTask`, which calls back as it is told.
void simple_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data,
                  void (*complete)(GSimpleAsyncResult*)) {
    const auto result = own(g_simple_async_result_new(source, callback, data, nullptr));
    if (number < 0)
        g_simple_async_result_set_error(result, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "negative");
    g_simple_async_result_set_op_res_gssize(result, number);
    complete(result);
}

void old_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data) {
    simple_async(source, number, callback, data, g_simple_async_result_complete_in_idle);
}

/// Calls back before it returns, which it must not.
void hasty_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data) {
    simple_async(source, number, callback, data, g_simple_async_result_complete);
}

gssize simple_finish(GObject*, GAsyncResult* result, GError** failure) {
    ++finished;
    auto* simple = G_SIMPLE_ASYNC_RESULT(result);
    if (g_simple_async_result_propagate_error(simple, failure))
        return -1;
    return g_simple_async_result_get_op_res_gssize(simple);
}

/// Calls back from inside the handler of the cancellable, which it must not.
void until_cancelled_async(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                           gpointer data) {
    GSimpleAsyncResult* result = g_simple_async_result_new(source, callback, data, nullptr);
    g_simple_async_result_set_error(result, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
    const auto on_cancelled = +[](GCancellable*, gpointer ended) {
        g_simple_async_result_complete(G_SIMPLE_ASYNC_RESULT(ended));
    };
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), result, g_object_unref);
}

G_GNUC_END_IGNORE_DEPRECATIONS

/// Ends when it is cancelled, and until then keeps no main context alive.
void contextless_async(GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
    struct call {
        GAsyncReadyCallback callback;
        gpointer data;
    };
    const auto on_cancelled = +[](GCancellable* by, gpointer of) {
        const auto result = own(g_task_new(nullptr, by, nullptr, nullptr));
        static_cast<call*>(of)->callback(nullptr, G_ASYNC_RESULT(result.get()),
                                         static_cast<call*>(of)->data);
    };
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                          g_memdup2(std::array{call{callback, data}}.data(), sizeof(call)), g_free);
}

int contextless_finish(GAsyncResult* result, GError** failure) {
    return int(g_task_propagate_int(G_TASK(result), failure));
}

} // namespace library

template <class Finish> auto plain(Finish* finish) {
    return async(library::plain_async, finish, 3);
}

// Files ----------------------------------------------------------------------------

TEST(async, a_method_gives_what_its_finish_function_returns) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    const auto info = run(async(g_file_query_info_async, g_file_query_info_finish, file,
                                G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE));

    static_assert(std::is_same_v<decltype(info), const ref<GFileInfo>>);
    EXPECT_EQ(g_file_info_get_size(info), 8);
}

TEST(async, out_arguments_are_a_tuple_and_the_success_is_left_out) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    auto loaded = run(async(g_file_load_contents_async, g_file_load_contents_finish, file));

    static_assert(
        std::is_same_v<decltype(loaded), std::tuple<unique_string, gsize, unique_string>>);
    const auto& [contents, length, tag] = loaded;
    EXPECT_STREQ(contents.get(), "contents");
    EXPECT_EQ(length, 8U);
    EXPECT_NE(tag, nullptr);
}

TEST(async, one_out_argument_is_not_wrapped_in_a_tuple) {
    const temporary_directory directory;
    const auto file = directory.file("file", "before");

    const auto tag = run(async(g_file_replace_contents_async, g_file_replace_contents_finish, file,
                               "after", 5, nullptr, FALSE, G_FILE_CREATE_NONE));

    static_assert(std::is_same_v<decltype(tag), const unique_string>);
    EXPECT_NE(tag, nullptr);
    EXPECT_EQ(directory.read("file"), "after");
}

TEST(async, what_is_returned_comes_before_the_out_arguments) {
    auto made = run(
        async(g_file_new_tmp_async, g_file_new_tmp_finish, "gawait-XXXXXX", G_PRIORITY_DEFAULT));

    static_assert(std::is_same_v<decltype(made), std::tuple<ref<GFile>, ref<GFileIOStream>>>);
    const auto& [file, stream] = made;
    EXPECT_TRUE(g_file_query_exists(file, nullptr));
    EXPECT_TRUE(
        run(async(g_io_stream_close_async, g_io_stream_close_finish, G_IO_STREAM(stream.get()))));
    EXPECT_TRUE(run(async(g_file_delete_async, g_file_delete_finish, file)));
}

TEST(async, a_gboolean_by_itself_is_the_value_unless_said_otherwise) {
    const temporary_directory directory;
    const auto remove = [&](const char* name) { return directory.file(name, ""); };

    const auto plainly = run(async(g_file_delete_async, g_file_delete_finish, remove("plainly")));
    const auto as_bool =
        run(async<bool>(g_file_delete_async, g_file_delete_finish, remove("as bool")));
    run(async<void>(g_file_delete_async, g_file_delete_finish, remove("as nothing")));

    static_assert(std::is_same_v<decltype(plainly), const gboolean>);
    static_assert(std::is_same_v<decltype(as_bool), const bool>);
    EXPECT_TRUE(plainly);
    EXPECT_TRUE(as_bool);
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

task<std::set<std::string>> names_in(GFile* directory) {
    const auto children =
        co_await async(g_file_enumerate_children_async, g_file_enumerate_children_finish, directory,
                       G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE);
    std::set<std::string> names;
    for (;;) {
        const auto some = co_await async<list<GFileInfo>>(
            g_file_enumerator_next_files_async, g_file_enumerator_next_files_finish, children, 100);
        if (some.empty())
            co_return names;
        EXPECT_LE(some.size(), 100U);
        for (GFileInfo* each : some)
            names.insert(g_file_info_get_name(each));
    }
}

TEST(async, a_directory_is_listed_by_lists_that_are_owned) {
    const temporary_directory directory;
    std::set<std::string> names;
    for (int number = 0; number < 350; ++number) {
        names.insert("file " + std::to_string(number));
        directory.file("file " + std::to_string(number), "");
    }

    EXPECT_EQ(run(names_in(directory.file("."))), names);
}

TEST(async, arguments_behind_the_cancellable_are_given_in_their_order) {
    const temporary_directory directory;
    const auto from = directory.file("from", "copied");
    goffset copied = 0;
    const auto progress =
        +[](goffset current, goffset, gpointer to) { *static_cast<goffset*>(to) = current; };

    run(async<void>(g_file_copy_async, g_file_copy_finish, from, directory.file("default"),
                    G_FILE_COPY_NONE, progress, &copied));
    EXPECT_EQ(copied, 6);
    run(async<void>(g_file_copy_async, g_file_copy_finish, from, directory.file("low"),
                    G_FILE_COPY_NONE, G_PRIORITY_LOW, nullptr, nullptr));

    EXPECT_EQ(directory.read("default"), "copied");
    EXPECT_EQ(directory.read("low"), "copied");
}

TEST(async, what_is_written_to_a_stream_is_read_from_one) {
    const temporary_directory directory;
    const auto write = [](GFile* file, std::string_view text) -> task<gsize> {
        const auto stream = co_await async(g_file_replace_async, g_file_replace_finish, file,
                                           nullptr, FALSE, G_FILE_CREATE_NONE);
        const gsize written =
            co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                           G_OUTPUT_STREAM(stream.get()), text.data(), text.size());
        co_await async<void>(g_output_stream_close_async, g_output_stream_close_finish,
                             G_OUTPUT_STREAM(stream.get()));
        co_return written;
    };
    const auto read = [](GFile* file) -> task<std::string> {
        const auto stream = co_await async(g_file_read_async, g_file_read_finish, file);
        std::string text;
        std::array<char, 7> buffer;
        while (const gssize length =
                   co_await async(g_input_stream_read_async, g_input_stream_read_finish,
                                  G_INPUT_STREAM(stream.get()), buffer.data(), buffer.size()))
            text.append(buffer.data(), std::size_t(length));
        co_return text;
    };
    const auto file = directory.file("file");

    EXPECT_EQ(run(write(file, "a text of several pieces")), 24U);
    EXPECT_EQ(run(read(file)), "a text of several pieces");
}

TEST(async, null_without_an_error_is_a_value) {
    const temporary_directory directory;
    const auto read_lines = [](GFile* file) -> task<std::vector<std::string>> {
        const auto stream = co_await async(g_file_read_async, g_file_read_finish, file);
        const auto lines = own(g_data_input_stream_new(G_INPUT_STREAM(stream.get())));
        std::vector<std::string> all;
        for (;;) {
            const auto [line, length] =
                co_await async(g_data_input_stream_read_line_async,
                               g_data_input_stream_read_line_finish_utf8, lines);
            if (!line)
                co_return all;
            EXPECT_EQ(std::string_view(line.get()).size(), length);
            all.emplace_back(line.get());
        }
    };

    EXPECT_EQ(run(read_lines(directory.file("file", "one\n\nthree"))),
              (std::vector<std::string>{"one", "", "three"}));
    EXPECT_EQ(run(plain(library::null_finish)), nullptr);
    EXPECT_EQ(run(plain(library::negative_finish)), -1);
}

TEST(async, a_failed_operation_throws_its_error) {
    const temporary_directory directory;

    const error failure =
        error_of(async(g_file_read_async, g_file_read_finish, directory.file("missing")));

    EXPECT_TRUE(failure.matches(G_IO_ERROR_NOT_FOUND));
    EXPECT_NE(std::string_view(failure.message()).find("missing"), std::string_view::npos);
}

TEST(async, as_result_gives_the_error_instead_of_throwing_it) {
    const temporary_directory directory;
    const auto file = directory.file("missing");
    auto operation = async(g_file_load_contents_async, g_file_load_contents_finish, file);
    static_assert(noexcept(operation.await_result()));

    const auto outcome = run(as_result(std::move(operation)));

    EXPECT_FALSE(outcome);
    EXPECT_TRUE(outcome.has_error());
    EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_NOT_FOUND));
}

TEST(async, as_result_gives_the_value) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");

    auto outcome =
        run(as_result(async(g_file_load_contents_async, g_file_load_contents_finish, file)));

    ASSERT_TRUE(outcome);
    EXPECT_STREQ(std::get<0>(*outcome).get(), "contents");
}

TEST(async, many_operations_run_at_a_time) {
    const temporary_directory directory;
    const auto load = [](GFile* file) -> task<std::string> {
        const auto [contents, length, tag] =
            co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
        co_return std::string(contents.get(), length);
    };
    std::vector<ref<GFile>> files;
    std::vector<task<std::string>> loads;
    std::vector<std::string> contents;
    for (int number = 0; number < 100; ++number) {
        contents.push_back(std::to_string(number));
        files.push_back(directory.file(contents.back(), contents.back()));
        loads.push_back(load(files.back()));
    }

    EXPECT_EQ(run(when_all(std::move(loads))), contents);
}

// D-Bus ----------------------------------------------------------------------------

class async_on_a_bus : public testing::Test {
protected:
    static void SetUpTestSuite() { daemon.emplace(); }
    static void TearDownTestSuite() { daemon.reset(); }

    /// Calls a method of the service.
    task<std::string> call(const char* method, const char* text) {
        // With the flags before it, the int is a timeout.
        const auto reply = co_await async(g_dbus_connection_call, g_dbus_connection_call_finish,
                                          client, service.name(), service.path, service.interface,
                                          method, g_variant_new("(s)", text), G_VARIANT_TYPE("(s)"),
                                          G_DBUS_CALL_FLAGS_NONE, -1);
        const char* answer = nullptr;
        g_variant_get(reply, "(&s)", &answer);
        co_return answer;
    }

    static inline std::optional<session_bus> daemon;
    // Not the default one, whose tasks end with each run().
    own_context context;
    bus_service service{*daemon};
    ref<GDBusConnection> client = daemon->connect();
};

task<> wait_until(std::function<bool()> done) {
    while (!done())
        co_await sleep_for(100us);
}

TEST_F(async_on_a_bus, a_plain_function_needs_no_object) {
    const auto bus = run(async(g_bus_get, g_bus_get_finish, G_BUS_TYPE_SESSION));

    static_assert(std::is_same_v<decltype(bus), const ref<GDBusConnection>>);
    EXPECT_NE(g_dbus_connection_get_unique_name(bus), nullptr);
    // GLib would end the program with the bus.
    g_dbus_connection_set_exit_on_close(bus, FALSE);
}

TEST_F(async_on_a_bus, a_constructor_gives_the_new_object) {
    const auto connection =
        run(async(g_dbus_connection_new_for_address, g_dbus_connection_new_for_address_finish,
                  daemon->address(),
                  GDBusConnectionFlags(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
                  nullptr));

    EXPECT_FALSE(g_dbus_connection_is_closed(connection));
    run(async<void>(g_dbus_connection_close, g_dbus_connection_close_finish, connection));
    EXPECT_TRUE(g_dbus_connection_is_closed(connection));
}

TEST_F(async_on_a_bus, a_call_gives_the_reply) { EXPECT_EQ(run(call("Echo", "hello")), "hello"); }

TEST_F(async_on_a_bus, twenty_calls_run_at_a_time) {
    const auto call_all = [this]() -> task<std::vector<std::string>> {
        std::vector<task<std::string>> calls;
        for (int number = 0; number < 20; ++number)
            calls.push_back(call("Hold", "held"));
        co_return co_await when_all(std::move(calls));
    };
    const auto answers = spawn(call_all());

    run(wait_until([&] { return service.held() == 20; }));
    service.answer_held();

    EXPECT_EQ(run(answers), std::vector<std::string>(20, "held"));
}

TEST_F(async_on_a_bus, an_error_of_the_peer_is_thrown) {
    const error failure = error_of(call("Fail", "no such luck"));

    EXPECT_TRUE(failure.matches(G_IO_ERROR_DBUS_ERROR));
    EXPECT_EQ(unique_string(g_dbus_error_get_remote_error(failure.get())).get(),
              std::string_view("gawait.Test.Failed"));
    EXPECT_TRUE(std::string_view(failure.message()).ends_with("no such luck"));
}

TEST_F(async_on_a_bus, an_error_of_the_bus_keeps_its_domain) {
    EXPECT_TRUE(error_of(call("Nonsense", "")).matches(G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD));
}

TEST_F(async_on_a_bus, a_late_answer_is_waited_for) {
    const auto answer = spawn(call("Hold", "late"));
    run(wait_until([&] { return service.held() == 1; }));
    run(sleep_for(20ms));
    EXPECT_FALSE(answer.done());

    service.answer_held();

    EXPECT_EQ(run(answer), "late");
}

TEST_F(async_on_a_bus, a_call_is_cancelled_in_flight) {
    const auto answer = spawn(call("Hold", "never"));
    run(wait_until([&] { return service.held() == 1; }));

    answer.cancel();

    EXPECT_THROW(run(answer), cancelled);
    // The answer comes all the same, and nobody is there for it.
    service.answer_held();
    EXPECT_EQ(run(call("Echo", "next")), "next");
}

TEST_F(async_on_a_bus, a_proxy_is_constructed_and_called) {
    const auto use = [this]() -> task<std::string> {
        const auto proxy = co_await async(g_dbus_proxy_new, g_dbus_proxy_new_finish, client,
                                          G_DBUS_PROXY_FLAGS_NONE, nullptr, service.name(),
                                          service.path, service.interface);
        const auto reply =
            co_await async(g_dbus_proxy_call, g_dbus_proxy_call_finish, proxy, "Echo",
                           g_variant_new("(s)", "hello"), G_DBUS_CALL_FLAGS_NONE, -1);
        const char* answer = nullptr;
        g_variant_get(reply, "(&s)", &answer);
        co_return answer;
    };

    EXPECT_EQ(run(use()), "hello");
}

TEST_F(async_on_a_bus, a_variadic_start_function_is_called_by_a_lambda) {
    const auto start = [this](GCancellable* cancellable, GAsyncReadyCallback callback,
                              gpointer data) {
        g_async_initable_new_async(G_TYPE_DBUS_PROXY, G_PRIORITY_DEFAULT, cancellable, callback,
                                   data, "g-connection", client.get(), "g-name", service.name(),
                                   "g-object-path", service.path, "g-interface-name",
                                   service.interface, nullptr);
    };

    // The finish function wants the object that the callback told of.
    const auto proxy = run(async<ref<GDBusProxy>>(start, g_async_initable_new_finish));

    EXPECT_STREQ(g_dbus_proxy_get_interface_name(proxy), service.interface);
}

// Sockets, subprocesses, names ------------------------------------------------------

/// What a listener gives: the connection, and an object that it keeps itself.
struct accepted {
    accepted(GSocketConnection* accepted_connection, GObject* borrowed) noexcept
        : connection(own(accepted_connection)), listens_for(borrowed) {}

    ref<GSocketConnection> connection;
    GObject* listens_for;
};

task<> echo_until_closed(GSocketListener* listener, GObject* listens_for) {
    const auto [connection, object] = co_await async<accepted>(
        g_socket_listener_accept_async, g_socket_listener_accept_finish, listener);
    EXPECT_EQ(object, listens_for);
    const auto stream = G_IO_STREAM(connection.get());
    for (;;) {
        const auto received =
            co_await async(g_input_stream_read_bytes_async, g_input_stream_read_bytes_finish,
                           g_io_stream_get_input_stream(stream), 4096);
        if (g_bytes_get_size(received) == 0)
            break;
        gsize length = 0;
        const void* data = g_bytes_get_data(received, &length);
        co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                       g_io_stream_get_output_stream(stream), data, length);
    }
    co_await async<void>(g_io_stream_close_async, g_io_stream_close_finish, stream);
}

task<std::string> send_and_receive(guint16 port, std::string_view text) {
    const auto client = own(g_socket_client_new());
    const auto connection =
        co_await async(g_socket_client_connect_to_host_async,
                       g_socket_client_connect_to_host_finish, client, "127.0.0.1", port);
    const auto stream = G_IO_STREAM(connection.get());
    co_await async(g_output_stream_write_all_async, g_output_stream_write_all_finish,
                   g_io_stream_get_output_stream(stream), text.data(), text.size());
    std::string answer(text.size(), '\0');
    answer.resize(co_await async(g_input_stream_read_all_async, g_input_stream_read_all_finish,
                                 g_io_stream_get_input_stream(stream), answer.data(),
                                 answer.size()));
    co_await async<void>(g_io_stream_close_async, g_io_stream_close_finish, stream);
    co_return answer;
}

TEST(async, sockets_echo_on_loopback) {
    const auto listener = own(g_socket_listener_new());
    const auto listens_for = new_object();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, listens_for, nullptr);
    ASSERT_NE(port, 0);
    std::string text(100'000, '\0');
    for (std::size_t index = 0; index < text.size(); ++index)
        text[index] = char('a' + index % 26);

    const auto [ended, answer] =
        run(when_all(echo_until_closed(listener, listens_for), send_and_receive(port, text)));

    EXPECT_EQ(answer, text);
    g_socket_listener_close(listener);
}

TEST(async, an_accept_is_cancelled_in_flight) {
    const auto listener = own(g_socket_listener_new());
    ASSERT_NE(g_socket_listener_add_any_inet_port(listener, nullptr, nullptr), 0);
    const auto accepting = spawn(echo_until_closed(listener, nullptr));
    run(sleep_for(1ms));

    accepting.cancel();

    EXPECT_THROW(run(accepting), cancelled);
}

TEST(async, a_subprocess_is_talked_to) {
    const auto cat = own(g_subprocess_new(
        GSubprocessFlags(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE), nullptr,
        "cat", nullptr));
    ASSERT_NE(cat, nullptr);

    const auto [output, errors] = run(async(g_subprocess_communicate_utf8_async,
                                            g_subprocess_communicate_utf8_finish, cat, "words"));

    EXPECT_STREQ(output.get(), "words");
    EXPECT_EQ(errors, nullptr);
}

TEST(async, the_failure_of_a_subprocess_is_an_error) {
    const auto fails = own(g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, nullptr, "false", nullptr));
    ASSERT_NE(fails, nullptr);

    EXPECT_TRUE(
        error_of(async(g_subprocess_wait_check_async, g_subprocess_wait_check_finish, fails))
            .matches(G_SPAWN_EXIT_ERROR, 1));
}

TEST(async, numeric_addresses_are_resolved) {
    const auto resolver = own(g_resolver_get_default());
    const auto address_of = [&](const char* name) {
        const auto addresses = run(async<list<GInetAddress>>(
            g_resolver_lookup_by_name_async, g_resolver_lookup_by_name_finish, resolver, name));
        EXPECT_EQ(addresses.size(), 1U);
        return std::string(unique_string(g_inet_address_to_string(*addresses.begin())).get());
    };

    EXPECT_EQ(address_of("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(address_of("::1"), "::1");
}

// What start and finish functions may look like -------------------------------------

TEST(async, each_argument_gets_to_its_parameter) {
    const library::reset reset;
    const auto object = new_object();
    const std::string text = "other";

    run(async(library::everything_async, library::everything_finish, object, 2, text.c_str(),
              G_PRIORITY_HIGH, 1.5));

    ASSERT_EQ(library::operations.size(), 1U);
    const auto& given = library::operations[0];
    EXPECT_EQ(given.source, object);
    EXPECT_EQ(given.number, 2);
    EXPECT_EQ(given.text, "other");
    EXPECT_EQ(given.priority, G_PRIORITY_HIGH);
    EXPECT_EQ(given.factor, 1.5);
}

namespace {

/// A variant that floats, and that notes its end.
GVariant* new_variant(int& live) {
    ++live;
    return g_variant_new_from_data(
        G_VARIANT_TYPE_BYTE, "x", 1, TRUE, [](gpointer count) { --*static_cast<int*>(count); },
        &live);
}

task<> cancel_this_task() {
    const detail::environment& env = co_await detail::current_environment();
    env.cancel->request();
}

} // namespace

TEST(async, a_floating_variant_is_taken_over_by_the_start_function) {
    int live = 0;
    run(async(library::store_async, library::store_finish, new_object(), new_variant(live)));
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_the_task_is_cancelled_before_the_call) {
    int live = 0;
    const auto source = new_object();
    const auto body = [&]() -> task<> {
        co_await cancel_this_task();
        co_await async(library::store_async, library::store_finish, source, new_variant(live));
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_there_is_no_object_to_call_a_method_of) {
    int live = 0;
    GObject* const nothing = nullptr;
    EXPECT_TRUE(
        error_of(async(library::store_async, library::store_finish, nothing, new_variant(live)))
            .matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_EQ(live, 0);
}

TEST(async, a_floating_variant_is_freed_if_the_operation_is_never_awaited) {
    int live = 0;
    const auto source = new_object();
    {
        const auto never_awaited =
            async(library::store_async, library::store_finish, source, new_variant(live));
        EXPECT_EQ(live, 1);
    }
    EXPECT_EQ(live, 0);
    {
        const own_context context;
        const auto waiting =
            spawn(async(library::store_async, library::store_finish, source, new_variant(live)));
        waiting.cancel();
        EXPECT_TRUE(context.iterate_until([&] { return waiting.done(); }));
        EXPECT_THROW(waiting.take(), cancelled);
    }
    EXPECT_EQ(live, 0);
}

TEST(async, a_variant_that_does_not_float_is_borrowed) {
    int live = 0;
    const auto value = own(g_variant_ref_sink(new_variant(live)));
    const auto source = new_object();
    run(async(library::store_async, library::store_finish, source, value));
    const auto body = [&]() -> task<> {
        co_await cancel_this_task();
        co_await async(library::store_async, library::store_finish, source, value);
    };
    EXPECT_THROW(run(body()), cancelled);
    EXPECT_EQ(live, 1);
}

namespace {

int last_priority = -1;

/// As the methods of `GFile` are.
void note_priority_async(GFile* file, int priority, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer data) {
    last_priority = priority;
    const auto task = own(g_task_new(file, cancellable, callback, data));
    g_task_return_boolean(task, TRUE);
}

gboolean note_priority_finish(GFile* /*file*/, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

} // namespace

TEST(async, the_priority_of_a_file_is_the_default_one_unless_given) {
    const auto file = own(g_file_new_for_path("/"));
    run(async(note_priority_async, note_priority_finish, file, G_PRIORITY_HIGH));
    EXPECT_EQ(last_priority, G_PRIORITY_HIGH);
    run(async(note_priority_async, note_priority_finish, file));
    EXPECT_EQ(last_priority, G_PRIORITY_DEFAULT);
}

TEST(async, neither_object_nor_cancellable_nor_error_is_needed) {
    EXPECT_EQ(run(plain(library::plain_finish)), 3);
}

TEST(async, a_finish_function_may_return_nothing) {
    const library::reset reset;
    run(plain(library::void_finish));
    EXPECT_EQ(library::finished, 3);

    const auto [number, text] = run(plain(library::void_out_finish));
    EXPECT_EQ(number, 3);
    EXPECT_STREQ(text.get(), "text");

    EXPECT_TRUE(error_of(plain(library::void_error_finish)).matches(G_IO_ERROR_BUSY));
}

TEST(async, what_the_caller_is_given_to_own_is_owned) {
    auto values = run(plain(library::values_finish));

    static_assert(
        std::is_same_v<decltype(values), std::tuple<ref<GObject>, const char*, unique_strv,
                                                    unique_g_ptr<gint64>, ref<GVariant>>>);
    const auto& [object, borrowed, strings, numbers, variant] = values;
    EXPECT_EQ(object->ref_count, 1U);
    EXPECT_STREQ(borrowed, "borrowed");
    EXPECT_STREQ(strings.get()[1], "b");
    EXPECT_EQ(numbers.get()[1], 1);
    EXPECT_EQ(g_variant_get_int32(variant), 5);
}

TEST(async, a_result_type_may_be_constructed_of_all_values) {
    struct objects {
        objects(GList* owned, int owned_length) noexcept : all(owned), length(owned_length) {}
        list<GObject> all;
        int length;
    };

    const auto result = run(async<objects>(library::plain_async, library::list_out_finish, 0));

    EXPECT_EQ(result.length, 2);
    EXPECT_EQ(result.all.size(), 2U);
}

TEST(async, false_without_an_error_is_a_failure_beside_out_arguments) {
    EXPECT_TRUE(error_of(plain(library::false_out_finish)).matches(G_IO_ERROR_FAILED));
    EXPECT_TRUE(
        error_of(plain(library::false_without_error_out_finish)).matches(G_IO_ERROR_FAILED));
}

TEST(async, false_without_an_error_is_a_failure_where_no_value_is_wanted) {
    EXPECT_TRUE(error_of(async<void>(library::plain_async, library::false_finish, 0))
                    .matches(G_IO_ERROR_FAILED));
}

TEST(async, false_without_an_error_is_a_value_by_itself) {
    EXPECT_FALSE(run(plain(library::false_finish)));
}

TEST(async, operations_older_than_gtask_are_awaited) {
    const auto object = new_object();

    EXPECT_EQ(run(async(library::old_async, library::simple_finish, object, 5)), 5);
    EXPECT_TRUE(error_of(async(library::old_async, library::simple_finish, object, -5))
                    .matches(G_IO_ERROR_INVALID_DATA));
}

// The callback ----------------------------------------------------------------------

TEST(async, the_coroutine_is_resumed_once_in_a_later_iteration) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    int resumed = 0;
    const auto await = [](GObject* source, int& count) -> task<int> {
        const int value = co_await async(library::held_async, library::held_finish, source);
        ++count;
        co_return value;
    };
    const auto answer = spawn(await(object, resumed));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    g_task_return_int(library::take_last(), 4);
    EXPECT_EQ(resumed, 0);
    context.iterate_while_ready();

    EXPECT_EQ(resumed, 1);
    EXPECT_EQ(library::finished, 1);
    EXPECT_EQ(answer.take(), 4);
}

TEST(async, operations_belong_to_the_home_context_though_it_is_not_the_thread_default) {
    const library::reset reset;
    const auto context = own(g_main_context_new());
    const auto object = new_object();
    const auto iterate = [&] {
        while (g_main_context_iteration(context, FALSE)) {
        }
    };
    const auto await_twice = [](GObject* source) -> task<int> {
        const int first = co_await async(library::held_async, library::held_finish, source);
        co_return first + co_await async(library::held_async, library::held_finish, source);
    };
    const auto sum = spawn_on(context, await_twice(object));

    for (int number = 1; number <= 2; ++number) {
        iterate();
        ASSERT_EQ(library::operations.size(), 1U);
        const auto operation = library::take_last();
        EXPECT_EQ(g_task_get_context(operation), context);
        g_task_return_int(operation, number);
        while (g_main_context_iteration(nullptr, FALSE)) {
        }
        EXPECT_EQ(library::finished, number - 1);
    }
    iterate();

    EXPECT_EQ(sum.take(), 3);
}

TEST(async, what_a_coroutine_spawns_after_an_await_runs_on_its_home_context) {
    const auto context = own(g_main_context_new());
    const auto object = new_object();
    const auto say = [](bool& said) -> task<> {
        said = true;
        co_return;
    };
    const auto await_then_spawn = [](GObject* source, auto says, bool& said) -> task<> {
        co_await async(library::number_async, library::number_finish, source, 1);
        static_cast<void>(spawn(says(said)));
    };
    bool said = false;
    const auto ended = spawn_on(context, await_then_spawn(object, say, said));

    while (g_main_context_iteration(context, FALSE)) {
    }

    EXPECT_TRUE(ended.done());
    EXPECT_TRUE(said);
}

TEST(async, a_library_may_call_back_before_the_start_function_returns) {
    const library::reset reset;
    const auto object = new_object();
    const auto sum = [](GObject* source) -> task<gssize> {
        gssize total = 0;
        for (int number = 0; number < 100'000; ++number)
            total += co_await async(library::hasty_async, library::simple_finish, source, 1);
        co_return total;
    };

    EXPECT_EQ(run(sum(object)), 100'000);
    EXPECT_EQ(library::finished, 100'000);
    EXPECT_TRUE(error_of(async(library::hasty_async, library::simple_finish, object, -1))
                    .matches(G_IO_ERROR_INVALID_DATA));
    EXPECT_EQ(object->ref_count, 1U);
}

TEST(async, a_library_may_call_back_from_inside_the_cancelled_handler) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto ended = spawn(async(library::until_cancelled_async, library::simple_finish, object));
    context.iterate_while_ready();
    EXPECT_FALSE(ended.done());

    ended.cancel();
    EXPECT_FALSE(ended.done());
    context.iterate_while_ready();

    EXPECT_THROW(ended.take(), cancelled);
    EXPECT_EQ(library::finished, 1);
}

TEST(async, an_operation_awaited_again_begins_again) {
    const library::reset reset;
    const auto object = new_object();
    const auto sum = [](GObject* source) -> task<gssize> {
        auto hasty = async(library::hasty_async, library::simple_finish, source, 1);
        auto old = async(library::old_async, library::simple_finish, source, 10);
        gssize total = 0;
        for (int round = 0; round < 3; ++round) {
            total += co_await hasty;
            total += co_await old;
        }
        co_return total;
    };

    EXPECT_EQ(run(sum(object)), 33);
    EXPECT_EQ(library::finished, 6);
    EXPECT_EQ(object->ref_count, 1U);
}

TEST(async, an_operation_awaited_again_in_a_cancelled_task_begins_nothing) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto twice = [](GObject* source) -> task<> {
        auto operation = async(library::held_async, library::held_finish, source);
        co_await operation;
        (co_await detail::current_environment()).cancel->request();
        co_await operation;
    };
    const auto ended = spawn(twice(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    g_task_return_int(library::take_last(), 1);
    context.iterate_while_ready();

    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(library::finished, 1);
    EXPECT_THROW(ended.take(), cancelled);
}

TEST(async, nothing_is_allocated_per_operation_beyond_what_gio_does) {
    const auto object = new_object();
    // In both cases, since GLib's own tables depend on how many sources there are.
    const engine_ref home = engine::get();

    struct raw_chain {
        GObject* source;
        int left;
        ref<GCancellable> cancellable = own(g_cancellable_new());

        void next() {
            library::number_async(
                source, left, cancellable,
                [](GObject* from, GAsyncResult* result, gpointer data) {
                    auto& self = *static_cast<raw_chain*>(data);
                    self.left = library::number_finish(from, result, nullptr) - 1;
                    if (self.left > 0)
                        self.next();
                },
                this);
        }
    };
    const auto by_callbacks = [&](int length) {
        raw_chain chain{.source = object, .left = length};
        chain.next();
        while (chain.left > 0)
            g_main_context_iteration(nullptr, TRUE);
    };
    const auto chain = [](GObject* source, int left) -> task<> {
        while (left > 0)
            left = co_await async(library::number_async, library::number_finish, source, left) - 1;
    };
    const auto by_await = [&](int length) {
        const auto ended = spawn(chain(object, length));
        while (!ended.done())
            g_main_context_iteration(nullptr, TRUE);
    };
    // Of a thousand operations, without what the chain as such allocates.
    const auto allocations_of = [](const auto& work) {
        const auto count = [&](int length) {
            const allocation_counter counter;
            work(length);
            return counter.count();
        };
        count(1000); // what is allocated once
        const auto shorter = count(1000);
        return count(2000) - shorter;
    };

    const auto beside_gio = allocations_of(by_callbacks);

    EXPECT_GE(beside_gio, 1000U); // they are counted at all
    // GLib's own tables grow and shrink a little differently each time.
    EXPECT_LT(allocations_of(by_await), beside_gio + 500);
}

// Bad objects -----------------------------------------------------------------------

TEST(async, a_method_of_null_is_an_invalid_argument) {
    const auto failure_with = [](auto file) {
        return error_of(async(g_file_read_async, g_file_read_finish, file));
    };

    EXPECT_TRUE(failure_with(nullptr).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(failure_with(ref<GFile>()).matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_TRUE(run(as_result(async(g_file_read_async, g_file_read_finish, nullptr)))
                    .error()
                    .matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST(async, a_method_of_a_finalised_object_is_an_invalid_argument) {
    const library::reset reset;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto number = [&] {
        return async(library::number_async, library::number_finish, weak.lock(), 6);
    };
    EXPECT_EQ(run(async(library::number_async, library::number_finish, weak.lock(), 6)), 6);

    object = nullptr;

    EXPECT_TRUE(error_of(number()).matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST(async, the_object_lives_until_the_operation_has_ended) {
    const library::reset reset;
    const own_context context;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto answer = spawn(async(library::held_async, library::held_finish, object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    object = nullptr;
    EXPECT_TRUE(weak.lock());
    g_task_return_int(library::take_last(), 8);
    context.iterate_while_ready();

    EXPECT_EQ(answer.take(), 8);
    EXPECT_FALSE(weak.lock());
}

TEST(async, the_object_lives_until_a_cancelled_operation_has_ended) {
    const library::reset reset;
    const own_context context;
    auto object = new_object();
    weak_ref<GObject> weak(object);
    const auto await = [](GObject* source) -> task<int> {
        co_return co_await async(library::held_async, library::held_finish, source);
    };
    const auto answer = spawn(await(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    object = nullptr;
    answer.cancel();
    context.iterate_while_ready();
    EXPECT_FALSE(answer.done()); // the library takes its time
    g_task_return_int(library::take_last(), 8);
    context.iterate_while_ready();

    EXPECT_THROW(answer.take(), cancelled);
    EXPECT_EQ(library::finished, 1);
    EXPECT_FALSE(weak.lock());
}

// Cancellation ----------------------------------------------------------------------

TEST(async, nothing_is_begun_in_a_cancelled_task) {
    const library::reset reset;
    const auto object = new_object();
    const auto gone = own(g_cancellable_new());
    g_cancellable_cancel(gone);

    EXPECT_THROW(
        run(with_cancellable(gone, async(library::held_async, library::held_finish, object))),
        cancelled);
    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(library::finished, 0);
}

TEST(async, what_was_achieved_in_spite_of_the_cancellation_is_returned) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto answer = spawn(async(library::held_async, library::held_finish, object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    const auto operation = library::take_last();
    g_task_set_check_cancellable(operation, FALSE);
    answer.cancel();
    g_task_return_int(operation, 9);
    context.iterate_while_ready();

    EXPECT_EQ(answer.take(), 9);
}

TEST(async, an_error_of_another_kind_is_not_taken_for_the_cancellation) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto answer = spawn(as_result(async(library::held_async, library::held_finish, object)));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    const auto operation = library::take_last();
    g_task_set_check_cancellable(operation, FALSE);
    answer.cancel();
    g_task_return_new_error(operation, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
    context.iterate_while_ready();

    EXPECT_TRUE(answer.take().error().matches(G_IO_ERROR_BUSY));
}

TEST(async, a_cancellation_that_is_not_the_task_s_is_an_error) {
    const temporary_directory directory;
    const auto file = directory.file("file", "contents");
    const auto other = own(g_cancellable_new());
    g_cancellable_cancel(other);
    const auto start = [&](GCancellable*, GAsyncReadyCallback callback, gpointer data) {
        g_file_load_contents_async(file, other, callback, data);
    };

    EXPECT_TRUE(error_of(async(start, g_file_load_contents_finish)).matches(G_IO_ERROR_CANCELLED));
}

TEST(async, as_result_tells_of_a_cancellation) {
    const library::reset reset;
    const own_context context;
    const auto object = new_object();
    const auto await = [](GObject* source) -> task<bool> {
        const auto outcome =
            co_await as_result(async(library::held_async, library::held_finish, source));
        co_return outcome.was_cancelled();
    };
    const auto answer = spawn(await(object));
    context.iterate_while_ready();
    ASSERT_EQ(library::operations.size(), 1U);

    answer.cancel();
    g_task_return_int(library::take_last(), 0);
    context.iterate_while_ready();

    EXPECT_TRUE(answer.take());
}

// Nobody waits any more ---------------------------------------------------------------

TEST(async, what_is_not_awaited_is_not_begun) {
    const library::reset reset;
    const auto object = new_object();
    const auto await = [](GObject* source) -> task<int> {
        co_return co_await async(library::held_async, library::held_finish, source);
    };

    static_cast<void>(async(library::held_async, library::held_finish, object));
    static_cast<void>(await(object));

    EXPECT_TRUE(library::operations.empty());
    EXPECT_EQ(object->ref_count, 1U);
}

/// Counts the live coroutines that hold one.
class live_mark {
public:
    explicit live_mark(int& count) : count_(count) { ++count_; }
    live_mark(const live_mark&) = delete;
    live_mark& operator=(const live_mark&) = delete;
    ~live_mark() { --count_; }

private:
    int& count_;
};

TEST(async, a_detached_task_keeps_its_buffer_until_the_operation_has_ended) {
    const own_context context;
    int live = 0;
    filler how{.length = 1ms};
    const auto fill = [](filler* with, int& count) -> task<> {
        const live_mark mark(count);
        std::array<char, 1000> buffer{};
        co_await async(fill_async, fill_finish, with, buffer.data(), buffer.size());
        EXPECT_EQ(buffer.back(), 'x');
    };

    static_cast<void>(spawn(fill(&how, live)));
    context.iterate_while_ready();
    EXPECT_EQ(live, 1);

    EXPECT_TRUE(context.iterate_until([&] { return live == 0; }));
    EXPECT_EQ(how.ended, 1);
}

TEST(async, a_cancelled_and_detached_task_keeps_its_buffer_until_the_operation_has_ended) {
    const own_context context;
    int live = 0;
    filler how{.late = 5ms};
    const auto fill = [](filler* with, int& count) -> task<> {
        const live_mark mark(count);
        std::array<char, 1000> buffer{};
        co_await async(fill_async, fill_finish, with, buffer.data(), buffer.size());
        ADD_FAILURE() << "it was not cancelled";
    };
    {
        const auto ended = spawn(fill(&how, live));
        context.iterate_while_ready();
        ended.cancel();
    }
    EXPECT_EQ(live, 1);

    EXPECT_TRUE(context.iterate_until([&] { return live == 0; }));
    EXPECT_EQ(how.ended, 1);
}

TEST(async, an_operation_keeps_the_context_that_its_task_runs_on) {
    const library::reset reset;
    int live = 0;
    const auto object = new_object();
    const auto await = [](GObject* source, int& count) -> task<> {
        const live_mark mark(count);
        co_await async(library::held_async, library::held_finish, source);
    };
    {
        const own_context context;
        static_cast<void>(spawn(await(object, live)));
        context.iterate_while_ready();
    }
    ASSERT_EQ(library::operations.size(), 1U);
    EXPECT_EQ(live, 1);

    // GLib calls back there and nowhere else, so somebody has to iterate it.
    const auto operation = library::take_last();
    const auto context = ref<GMainContext>::retain(g_task_get_context(operation));
    g_task_return_int(operation, 1);
    while (g_main_context_iteration(context, FALSE)) {
    }

    EXPECT_EQ(live, 0);
    EXPECT_EQ(library::finished, 1);
}

TEST(async, a_context_destroyed_under_an_operation_cancels_it) {
    int live = 0;
    const auto await = [](int& count) -> task<> {
        const live_mark mark(count);
        EXPECT_TRUE(
            (co_await as_result(async(library::contextless_async, library::contextless_finish)))
                .was_cancelled());
    };
    {
        const own_context context;
        static_cast<void>(spawn(await(live)));
        context.iterate_while_ready();
        EXPECT_EQ(live, 1);
    }

    EXPECT_EQ(live, 0);
}

TEST(async, a_start_function_that_throws_begins_nothing) {
    const auto start = [](GCancellable*, GAsyncReadyCallback, gpointer) {
        throw error(G_IO_ERROR_NOT_SUPPORTED, "not here");
    };

    EXPECT_TRUE(error_of(async(start, library::plain_finish)).matches(G_IO_ERROR_NOT_SUPPORTED));
}

} // namespace
} // namespace gawait::test
