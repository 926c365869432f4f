#include "gawait/dbus/service.hpp"

#include "gawait/dbus/call.hpp"
#include "gawait/dbus/error.hpp"
#include "gawait/dbus/proxy.hpp"
#include "gawait/dbus/send.hpp"
#include "gawait/event.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/yield.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"
#include "support/tested_object.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;

/// An interface whose method `Hold` waits until it is cancelled, and counts.
struct holding {
    int begun = 0;
    int cancelled = 0;
    std::string caller;

    void add_to(interface& to) {
        to.method("Hold", [this](const invocation& call) -> task<> {
            ++begun;
            caller = call.sender();
            const auto slept = co_await as_result(sleep_for(1h));
            cancelled += slept.was_cancelled();
            slept.value();
        });
    }
};

struct dbus_service : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> serving = bus.connect();
    ref<GDBusConnection> calling = bus.connect();
    interface tested{name};
    proxy remote{calling, g_dbus_connection_get_unique_name(serving), path};
    holding held;

    template <class Result = void, class... Arguments>
    auto method(const char* called, const Arguments&... arguments) {
        return remote.call<Result>(name, called, arguments...);
    }

    /// Runs a body while the interface is exported.
    template <class Body> void exporting(Body body) {
        run([](dbus_service& test, Body& does) -> task<> {
            auto with = [&](exported& object) { return does(test, object); };
            auto all = with_exported(test.serving, path, {test.tested}, with);
            co_await all;
        }(*this, body));
    }

    task<> until_held(int count) const {
        while (held.begun < count)
            co_await sleep_for(1ms);
    }
};

std::string error_name(const gawait::error& failure) { return error(failure).name(); }

// Methods --------------------------------------------------------------------------

TEST_F(dbus_service, methods_are_functions_and_coroutines) {
    tested.method("Add", [](int a, int b) { return a + b; })
        .method("Later",
                [](std::string text) -> task<std::string> {
                    co_await sleep_for(1ms);
                    co_return text + "!";
                })
        .method("Both", [] { return std::tuple(1u, std::string("two")); })
        .method("Nothing", [] {})
        .method("View", [](std::string_view text) { return unsigned(text.size()); })
        .method("Sum", [](const std::vector<int>& all) -> task<int> {
            co_await sleep_for(1ms);
            int sum = 0;
            for (const int each : all)
                sum += each;
            co_return sum;
        });
    exporting([](dbus_service& test, exported& object) -> task<> {
        EXPECT_TRUE(object.is_exported());
        EXPECT_EQ(object.path(), path);
        EXPECT_EQ(co_await test.method<int>("Add", 2, 3), 5);
        EXPECT_EQ(co_await test.method<std::string>("Later", "text"), "text!");
        const auto both = co_await test.method<std::tuple<unsigned, std::string>>("Both");
        EXPECT_EQ(both, std::tuple(1u, std::string("two")));
        co_await test.method("Nothing");
        EXPECT_EQ(co_await test.method<unsigned>("View", "four"), 4u);
        const std::vector<int> numbers{1, 2, 3};
        EXPECT_EQ(co_await test.method<int>("Sum", numbers), 6);
    });
}

TEST_F(dbus_service, structures_of_ones_own_come_and_go) {
    struct page {
        std::string title;
        std::uint32_t number = 0;
    };
    tested.method("Next", [](page of) { return page{of.title, of.number + 1}; });
    exporting([](dbus_service& test, exported&) -> task<> {
        const page first{"a", 1};
        const auto next = co_await test.method<page>("Next", first);
        EXPECT_EQ(next.title, "a");
        EXPECT_EQ(next.number, 2u);
    });
}

TEST_F(dbus_service, calls_run_side_by_side) {
    event second_came;
    tested.method("First", [&]() -> task<> { co_await second_came.wait(); }).method("Second", [&] {
        second_came.set();
    });
    exporting([](dbus_service& test, exported&) -> task<> {
        co_await when_all(test.method("First"), test.method("Second"));
    });
}

TEST_F(dbus_service, a_handler_may_know_its_caller) {
    std::optional<std::string> sender;
    tested.method("Who", [&](const invocation& call, std::string text) {
        sender = std::string(call.sender()) + " " + std::string(call.path()) + " " + text;
        EXPECT_TRUE(call.wants_reply());
        EXPECT_FALSE(call.allows_interaction());
        EXPECT_EQ(call.descriptors(), nullptr);
    });
    exporting([&](dbus_service& test, exported&) -> task<> {
        co_await test.method("Who", "x");
        const std::string caller = g_dbus_connection_get_unique_name(test.calling);
        EXPECT_EQ(sender, caller + " /org/gawait/test x");
    });
}

TEST_F(dbus_service, a_caller_that_wants_no_reply_gets_none) {
    std::optional<bool> wanted;
    tested.method("Do", [&](const invocation& call) { wanted = call.wants_reply(); });
    exporting([&](dbus_service& test, exported&) -> task<> {
        g_dbus_connection_call(test.calling, test.remote.destination().c_str(), path.c_str(), name,
                               "Do", nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr,
                               nullptr);
        while (!wanted)
            co_await sleep_for(1ms);
        EXPECT_EQ(wanted, false);
    });
}

TEST_F(dbus_service, descriptors_come_and_go) {
    tested.method("Same", [](unix_fd given) { return given; })
        .method("Size", [](const vardict& options) -> task<std::int64_t> {
            const auto fd = options.at("file").get<unix_fd>();
            struct stat status{};
            EXPECT_EQ(fstat(fd.get(), &status), 0);
            co_return status.st_rdev;
        });
    exporting([](dbus_service& test, exported&) -> task<> {
        const unix_fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
        struct stat sent{};
        struct stat received{};
        EXPECT_EQ(fstat(null.get(), &sent), 0);
        const auto same = co_await test.method<unix_fd>("Same", null);
        EXPECT_EQ(fstat(same.get(), &received), 0);
        EXPECT_EQ(sent.st_rdev, received.st_rdev);
        const vardict options{{"file", null}};
        EXPECT_EQ(co_await test.method<std::int64_t>("Size", options), std::int64_t(sent.st_rdev));
    });
}

// Failures -------------------------------------------------------------------------

TEST_F(dbus_service, what_a_handler_throws_is_the_answer) {
    tested
        .method("Named",
                []() -> task<> {
                    co_await sleep_for(1ms);
                    throw error("org.gawait.Error.Busy", "not now");
                })
        .method("Io", [] { throw gawait::error(G_IO_ERROR_NOT_FOUND, "nothing"); })
        .method("Runtime", [] { throw std::runtime_error("why"); })
        .method("Type", [](variant of) { return of.get<int>(); })
        .method("Bad", [] { return std::string("\xff"); });
    exporting([](dbus_service& test, exported&) -> task<> {
        const auto named = co_await as_result(test.method("Named"));
        EXPECT_EQ(error_name(named.error()), "org.gawait.Error.Busy");
        EXPECT_STREQ(error(named.error()).message(), "not now");
        const auto io = co_await as_result(test.method("Io"));
        EXPECT_TRUE(io.error().matches(G_IO_ERROR_NOT_FOUND));
        const auto other = co_await as_result(test.method("Runtime"));
        EXPECT_EQ(error_name(other.error()), "org.freedesktop.DBus.Error.Failed");
        const variant text("text");
        const auto type = co_await as_result(test.method<int>("Type", text));
        EXPECT_EQ(error_name(type.error()), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto bad = co_await as_result(test.method<std::string>("Bad"));
        EXPECT_EQ(error_name(bad.error()), "org.freedesktop.DBus.Error.InvalidArgs");
    });
}

/// Arrays and variants in each other, `2 * times` of them.
variant nested(int times) {
    variant made(1);
    for (; times > 0; --times)
        made = variant(std::vector<variant>{made});
    return made;
}

TEST_F(dbus_service, what_a_message_cannot_carry_is_an_error_and_no_end_of_the_connection) {
    tested.method("Same", [](variant of) { return of; })
        .method("Nested", [](int times) { return nested(times); })
        .method("Bytes", [](std::uint32_t size) { return bytes(size); })
        .method("Told", [] { throw std::runtime_error(std::string(130 << 20, 'x')); })
        .signal<variant>("Came")
        .property("Depth", [] { return nested(40); });
    exporting([](dbus_service& test, exported&) -> task<> {
        using in_two = std::tuple<std::tuple<variant>>;
        const variant deepest(in_two(nested(30))); // 64 in each other
        EXPECT_EQ(co_await test.method<variant>("Same", deepest), deepest);
        const variant too_deep(std::tuple<in_two>(nested(30)));
        EXPECT_THROW((void)test.method<variant>("Same", too_deep), value_error);
        EXPECT_THROW(dbus::send(test.remote, name, "Same", nested(32)), value_error);
        EXPECT_THROW(test.tested.emit("Came", nested(32)), value_error);
        EXPECT_THROW(test.tested.changed("Depth", nested(31)), value_error);
        EXPECT_THROW((void)test.method("Bytes", bytes((64 << 20) + 1)), value_error);
        EXPECT_THROW((void)test.method("Bytes", std::string(128 << 20, 'x')), value_error);
        const bytes flags(17 << 20); // four bytes each in a message
        const variant many(ref<GVariant>::adopt(g_variant_ref_sink(
            g_variant_new_fixed_array(G_VARIANT_TYPE_BOOLEAN, flags.data(), flags.size(), 1))));
        EXPECT_THROW((void)test.method("Bytes", many), value_error);

        for (const int times : {32, 1000}) {
            const auto deep = co_await as_result(test.method<variant>("Nested", times));
            EXPECT_EQ(error_name(deep.error()), "org.freedesktop.DBus.Error.InvalidArgs");
        }
        const auto depth = test.remote.property<variant>(name, "Depth");
        const auto got = co_await as_result(depth.get());
        EXPECT_EQ(error_name(got.error()), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto large = co_await as_result(test.method<bytes>("Bytes", (64U << 20) + 1));
        EXPECT_EQ(error_name(large.error()), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto told = co_await as_result(test.method("Told"));
        EXPECT_EQ(error_name(told.error()), "org.freedesktop.DBus.Error.Failed");

        EXPECT_EQ((co_await test.method<bytes>("Bytes", 1000U)).size(), 1000U);
        EXPECT_FALSE(g_dbus_connection_is_closed(test.serving));
        EXPECT_FALSE(g_dbus_connection_is_closed(test.calling));
    });
}

TEST_F(dbus_service, a_type_that_d_bus_does_not_have_is_refused_before_it_is_sent) {
    const auto refused = [this](GVariant* floating) {
        const variant value(ref<GVariant>::adopt(floating));
        EXPECT_THROW((void)method("Take", value), value_error) << value.type_string();
    };
    const auto number = [] { return g_variant_new_int32(1); };
    refused(g_variant_new_tuple(nullptr, 0));
    refused(g_variant_new_dict_entry(number(), number()));

    const std::string arrays(33, 'a');
    refused(g_variant_new_array(G_VARIANT_TYPE((arrays + "i").c_str()), nullptr, 0));
    GVariant* structures = number();
    for (int depth = 0; depth < 33; ++depth)
        structures = g_variant_new_tuple(&structures, 1);
    refused(structures);
    std::vector<GVariant*> many(254);
    std::ranges::generate(many, number);
    refused(g_variant_new_tuple(many.data(), many.size()));
}

TEST_F(dbus_service, an_error_of_another_service_is_passed_on_by_its_name) {
    tested.method("Ask", [this]() -> task<> {
        co_await call(serving, "org.gawait.Nobody", "/", "org.gawait.Nobody", "Do");
    });
    exporting([](dbus_service& test, exported&) -> task<> {
        const auto failed = co_await as_result(test.method("Ask"));
        EXPECT_TRUE(failed.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN));
    });
}

TEST_F(dbus_service, arguments_of_other_types_reach_no_handler) {
    int calls = 0;
    tested.method("Take", [&](int) { ++calls; });
    exporting([&](dbus_service& test, exported&) -> task<> {
        const auto wrong = co_await as_result(test.method("Take", "text"));
        EXPECT_EQ(error_name(wrong.error()), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto unknown = co_await as_result(test.method("Other"));
        EXPECT_EQ(error_name(unknown.error()), "org.freedesktop.DBus.Error.UnknownMethod");
        EXPECT_EQ(calls, 0);
    });
}

TEST_F(dbus_service, an_interface_exported_twice_is_an_error_and_the_first_stays) {
    tested.method("Which", [] { return 1; });
    exporting([](dbus_service& test, exported&) -> task<> {
        co_await with_scope([&](scope& calls) -> task<> {
            interface other("org.gawait.Other");
            interface again(name);
            again.method("Which", [] { return 2; });
            try {
                const exported second(calls, test.serving, path, {other, again});
                ADD_FAILURE();
            } catch (const gawait::error& exists) {
                EXPECT_TRUE(exists.matches(G_IO_ERROR_EXISTS));
            }
            // The first of both is not there either.
            const exported alone(calls, test.serving, path, {other});
            co_return;
        });
        EXPECT_EQ(co_await test.method<int>("Which"), 1);
    });
}

TEST_F(dbus_service, on_a_closed_connection_nothing_is_exported) {
    g_dbus_connection_close_sync(serving, nullptr, nullptr);
    run([](dbus_service& test) -> task<> {
        const auto refused = co_await as_result(serve(test.serving, path, {test.tested}));
        EXPECT_TRUE(refused.error().matches(G_IO_ERROR_CLOSED));
    }(*this));
}

TEST_F(dbus_service, nothing_is_exported_on_another_thread_than_the_scopes) {
    run([](dbus_service& test) -> task<> {
        co_await with_scope([&](scope& calls) -> task<> {
            std::thread([&] {
                EXPECT_THROW(std::ignore = exported(calls, test.serving, path, test.tested),
                             gawait::error);
            }).join();
            co_return;
        });
    }(*this));
}

// Cancellation ---------------------------------------------------------------------

TEST_F(dbus_service, a_caller_that_vanishes_cancels_its_calls) {
    held.add_to(tested);
    exporting([](dbus_service& test, exported&) -> task<> {
        const auto vanishing = test.bus.connect();
        const proxy theirs(vanishing, test.remote.destination(), path);
        const auto first = spawn(as_result(theirs.call(name, "Hold")));
        co_await test.until_held(1);
        EXPECT_EQ(test.held.caller, g_dbus_connection_get_unique_name(vanishing));
        const auto staying = spawn(as_result(test.method("Hold")));
        co_await test.until_held(2);
        g_dbus_connection_close_sync(vanishing, nullptr, nullptr);
        EXPECT_TRUE((co_await first).has_error());
        while (test.held.cancelled < 1)
            co_await sleep_for(1ms);
        EXPECT_FALSE(staying.done());
        staying.cancel();
        EXPECT_TRUE((co_await staying).was_cancelled());
    });
    EXPECT_EQ(held.cancelled, 2); // that of a caller that waits no more ends with the object
}

TEST_F(dbus_service, a_caller_that_was_gone_before_it_was_served_holds_nothing) {
    held.add_to(tested);
    exporting([](dbus_service& test, exported&) -> task<> {
        const auto vanishing = test.bus.connect();
        g_dbus_connection_call(vanishing, test.remote.destination().c_str(), path.c_str(), name,
                               "Hold", nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr,
                               nullptr, nullptr);
        g_dbus_connection_flush_sync(vanishing, nullptr, nullptr);
        g_dbus_connection_close_sync(vanishing, nullptr, nullptr);
        while (test.held.cancelled < 1)
            co_await sleep_for(1ms);
    });
}

TEST_F(dbus_service, an_object_that_is_unexported_cancels_its_calls_and_answers_them) {
    held.add_to(tested);
    exporting([](dbus_service& test, exported& object) -> task<> {
        const auto waiting = spawn(as_result(test.method("Hold")));
        co_await test.until_held(1);
        object.unexport();
        EXPECT_FALSE(object.is_exported());
        const auto ended = co_await waiting;
        EXPECT_EQ(error_name(ended.error()), "org.freedesktop.DBus.Error.NoReply");
        EXPECT_EQ(test.held.cancelled, 1);
        const auto unknown = co_await as_result(test.method("Hold"));
        EXPECT_EQ(error_name(unknown.error()), "org.freedesktop.DBus.Error.UnknownMethod");
    });
}

TEST_F(dbus_service, only_the_calls_of_the_object_that_is_unexported_are_cancelled) {
    held.add_to(tested);
    exporting([](dbus_service& test, exported&) -> task<> {
        const auto waiting = spawn(as_result(test.method("Hold")));
        co_await test.until_held(1);
        co_await with_scope([&](scope& calls) -> task<> {
            exported second(calls, test.serving, object_path("/second"), {test.tested});
            const proxy other(test.calling, test.remote.destination(), second.path());
            const auto theirs = spawn(as_result(other.call(name, "Hold")));
            co_await test.until_held(2);
            second.unexport();
            EXPECT_TRUE((co_await theirs).has_error());
        });
        EXPECT_EQ(test.held.cancelled, 1);
        EXPECT_FALSE(waiting.done());
    });
    EXPECT_EQ(held.cancelled, 2);
}

TEST_F(dbus_service, the_end_of_the_connection_cancels_all) {
    held.add_to(tested);
    exporting([](dbus_service& test, exported& object) -> task<> {
        const auto waiting = spawn(as_result(test.method("Hold")));
        co_await test.until_held(1);
        g_dbus_connection_close_sync(test.serving, nullptr, nullptr);
        EXPECT_TRUE((co_await waiting).has_error());
        while (test.held.cancelled < 1)
            co_await sleep_for(1ms);
        EXPECT_FALSE(object.is_exported());
    });
}

TEST_F(dbus_service, serves_until_the_connection_is_closed_or_it_is_cancelled) {
    held.add_to(tested);
    run([](dbus_service& test) -> task<> {
        const auto cancelled_one = spawn(as_result(serve(test.serving, path, {test.tested})));
        const auto waiting = spawn(as_result(test.method("Hold")));
        co_await test.until_held(1);
        cancelled_one.cancel();
        EXPECT_TRUE((co_await cancelled_one).was_cancelled());
        EXPECT_EQ(test.held.cancelled, 1);
        EXPECT_TRUE((co_await waiting).has_error());

        const auto closed_one = spawn(as_result(serve(test.serving, path, {test.tested})));
        const auto again = spawn(as_result(test.method("Hold")));
        co_await test.until_held(2);
        g_dbus_connection_close_sync(test.serving, nullptr, nullptr);
        EXPECT_TRUE((co_await closed_one).has_value());
        EXPECT_TRUE((co_await again).has_error());
    }(*this));
}

// At random ------------------------------------------------------------------------

/// Callers that come, call, wait, give up and vanish, of an object that comes and goes.
class storm {
public:
    storm(dbus_service& test, scope& calls) : test_(test), calls_(calls) {
        for (int number = 0; number < 4; ++number)
            callers_.push_back(test.bus.connect());
        object_.emplace(calls_, test_.serving, path, test_.tested);
    }

    task<> step() {
        auto& caller = callers_[between(0, callers_.size() - 1)];
        const proxy remote(caller, test_.remote.destination(), path);
        switch (between(0, 9)) {
        case 0:
            g_dbus_connection_close_sync(caller, nullptr, nullptr);
            caller = test_.bus.connect();
            break;
        case 1:
            object_.reset();
            object_.emplace(calls_, test_.serving, path, test_.tested);
            break;
        case 2:
            if (!waiting_.empty())
                waiting_[between(0, waiting_.size() - 1)].cancel();
            break;
        case 3:
        case 4:
            co_await yield();
            break;
        case 5: {
            const int sum = co_await remote.call<int>(name, "Add", 2, 3);
            EXPECT_EQ(sum, 5);
            break;
        }
        default:
            waiting_.push_back(spawn(as_result(remote.call(name, "Hold"))));
        }
    }

    /// Each call that is waited for is answered, or given up.
    task<> end() {
        object_.reset();
        for (auto& each : waiting_) {
            const auto ended = co_await as_result(each); // it may not have begun
            EXPECT_FALSE(ended && ended->has_value());
        }
    }

private:
    std::size_t between(std::size_t low, std::size_t high) {
        return std::uniform_int_distribution<std::size_t>(low, high)(random_);
    }

    dbus_service& test_;
    scope& calls_;
    std::mt19937 random_{20261127};
    std::vector<ref<GDBusConnection>> callers_;
    std::optional<exported> object_;
    std::vector<join_handle<result<>>> waiting_;
};

TEST_F(dbus_service, nothing_is_lost_whoever_comes_and_goes) {
    held.add_to(tested);
    tested.method("Add", [](int a, int b) { return a + b; });
    run([](dbus_service& test) -> task<> {
        co_await with_scope([&](scope& calls) -> task<> {
            storm all(test, calls);
            for (int number = 0; number < 500; ++number)
                co_await all.step();
            co_await all.end();
        });
    }(*this));
    EXPECT_GT(held.begun, 0);
    EXPECT_EQ(held.cancelled, held.begun);
}

// Peers ----------------------------------------------------------------------------

TEST_F(dbus_service, serves_a_peer_without_a_bus) {
    held.add_to(tested);
    tested.method("Who", [](const invocation& call) { return std::string(call.sender()); });
    double rate = 1;
    tested.property("Rate", [&] { return rate; }, [&](double to) { rate = to; });
    run([](dbus_service& test) -> task<> {
        std::array<int, 2> ends{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        const auto stream = [](int fd) {
            const auto socket = ref<GSocket>::adopt(g_socket_new_from_fd(fd, nullptr));
            return ref<GIOStream>::adopt(
                G_IO_STREAM(g_socket_connection_factory_create_connection(socket)));
        };
        const auto server_stream = stream(ends[0]);
        const auto client_stream = stream(ends[1]);
        const unique_string guid(g_dbus_generate_guid());
        GDBusAuthObserver* const nobody = nullptr;
        const auto both = co_await when_all(
            async(g_dbus_connection_new, g_dbus_connection_new_finish, server_stream.get(),
                  guid.get(), G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER, nobody),
            async(g_dbus_connection_new, g_dbus_connection_new_finish, client_stream.get(), nullptr,
                  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, nobody));
        const auto& [server, client] = both; // by reference, for g++ 15
        const proxy peer(client, "", path);
        auto body = [&](exported&) -> task<> {
            EXPECT_EQ(co_await peer.call<std::string>(name, "Who"), "");
            const auto remote_rate = peer.property<double>(name, "Rate");
            co_await remote_rate.set(2.5);
            EXPECT_EQ(co_await remote_rate.get(), 2.5);
            const auto waiting = spawn(as_result(peer.call(name, "Hold")));
            co_await test.until_held(1);
            g_dbus_connection_close_sync(client, nullptr, nullptr);
            EXPECT_TRUE((co_await waiting).has_error());
            while (test.held.cancelled < 1)
                co_await sleep_for(1ms);
        };
        auto serving_peer = with_exported(server, path, {test.tested}, body);
        co_await serving_peer;
        g_dbus_connection_close_sync(server, nullptr, nullptr);
    }(*this));
}

TEST_F(dbus_service, that_was_moved_from_is_refused) {
    exporting([](dbus_service&, exported& object) -> task<> {
        const exported moved = std::move(object);
        EXPECT_THROW(object.path(), gawait::error);
        EXPECT_THROW(object.interfaces(), gawait::error);
        EXPECT_FALSE(object.is_exported());
        object.unexport();
        EXPECT_TRUE(moved.is_exported());
        co_return;
    });
}

} // namespace
} // namespace gawait::dbus::test
