#include "gawait/dbus/call.hpp"

#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;
using gawait::test::bus_service;

struct dbus_call : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    std::optional<bus_service> service{bus};
    ref<GDBusConnection> connection = bus.connect();
    std::string destination = service->name();

    /// A call of the service with a string.
    template <class Result = std::string, class Argument = const char*>
    auto method(const char* name, const Argument& argument = "hello", call_options options = {}) {
        return call<Result>(options, connection, destination, bus_service::path,
                            bus_service::interface, name, argument);
    }

    /// A call of the bus itself.
    template <class Result, class... Arguments>
    auto ask_bus(const char* name, const Arguments&... arguments) {
        return call<Result>(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", name, arguments...);
    }
};

TEST_F(dbus_call, gives_what_the_method_gives) {
    run([](dbus_call& test) -> task<> {
        auto one = co_await test.method("Echo");
        static_assert(std::is_same_v<decltype(one), std::string>);
        EXPECT_EQ(one, "hello");
        auto as_tuple = co_await test.method<std::tuple<std::string>>("Echo", std::string("tuple"));
        EXPECT_EQ(std::get<0>(as_tuple), "tuple");
        co_await test.method<void>("Echo"); // what it gives is dropped
        const auto names = co_await test.ask_bus<std::vector<std::string>>("ListNames");
        EXPECT_GE(names.size(), 3u);
        EXPECT_TRUE(co_await test.ask_bus<bool>("NameHasOwner", "org.freedesktop.DBus"));
    }(*this));
}

TEST_F(dbus_call, many_at_once) {
    run([](dbus_call& test) -> task<> {
        const auto both = co_await when_all(test.method("Echo", "a"), test.method("Echo", "b"));
        EXPECT_EQ(both, (std::tuple<std::string, std::string>("a", "b")));
    }(*this));
}

TEST_F(dbus_call, calls_again_when_it_is_awaited_again) {
    run([](dbus_call& test) -> task<> {
        auto echo = test.method("Echo", "a");
        EXPECT_EQ(co_await echo, "a");
        EXPECT_EQ(co_await echo, "a");
    }(*this));
}

TEST_F(dbus_call, fails_by_the_name_that_was_answered) {
    run([](dbus_call& test) -> task<> {
        try {
            co_await test.method("Fail", "why");
            ADD_FAILURE();
        } catch (const error& failure) {
            EXPECT_EQ(failure.name(), "gawait.Test.Failed");
            EXPECT_STREQ(failure.message(), "why");
        }
        const auto failed = co_await as_result(test.method("Fail", "why"));
        EXPECT_EQ(error(failed.error()).name(), "gawait.Test.Failed");
    }(*this));
}

TEST_F(dbus_call, an_answer_of_another_type_is_an_error_that_names_both) {
    run([](dbus_call& test) -> task<> {
        try {
            co_await test.method<unsigned>("Echo");
            ADD_FAILURE();
        } catch (const type_error& wrong) {
            EXPECT_EQ(wrong.expected(), "(u)");
            EXPECT_EQ(wrong.found(), "(s)");
            EXPECT_EQ(wrong.path(), "0");
        }
        const auto wrong = co_await as_result(test.method<unsigned>("Echo"));
        EXPECT_TRUE(wrong.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
    }(*this));
}

TEST_F(dbus_call, what_is_no_name_or_value_is_refused_at_once) {
    const auto refused = [&](const cstring& destination, const cstring& path,
                             const cstring& interface, const cstring& method, const char* why) {
        try {
            std::ignore = call(connection, destination, path, interface, method);
            ADD_FAILURE() << why;
        } catch (const value_error& refusal) {
            EXPECT_STREQ(refusal.what(), why);
        }
    };
    refused("a b", "/", "a.b", "C", "'a b' is no name on a bus");
    refused("a.b", "", "a.b", "C", "'' is no object path");
    refused("a.b", static_cast<const char*>(nullptr), "a.b", "C",
            "a null pointer is no object path");
    refused("a.b", "/", "ab", "C", "'ab' is no name of an interface");
    refused("a.b", "/", "a.b", "C.D", "'C.D' is no name of a method, signal or property");
    EXPECT_THROW(std::ignore = method("Echo", "\xff"), value_error);
    EXPECT_THROW(std::ignore = call(nullptr, "a.b", "/", "a.b", "C"), gawait::error);
}

TEST_F(dbus_call, nobody_there_is_an_error) {
    run([](dbus_call& test) -> task<> {
        const auto failed = co_await as_result(
            call(test.connection, "org.gawait.Nobody", "/", "org.gawait.Nobody", "Do"));
        EXPECT_TRUE(failed.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN));
    }(*this));
}

TEST_F(dbus_call, a_service_that_vanishes_in_mid_call_gives_no_reply) {
    run([](dbus_call& test) -> task<> {
        bus_service* vanishing = &*test.service;
        const auto waiting = spawn(as_result(test.method("Hold")));
        while (vanishing->held() == 0)
            co_await sleep_for(1ms);
        vanishing->vanish();
        const auto failed = co_await waiting;
        EXPECT_TRUE(failed.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY));
        EXPECT_EQ(error(failed.error()).name(), "org.freedesktop.DBus.Error.NoReply");
    }(*this));
}

TEST_F(dbus_call, an_answer_that_does_not_come_in_time_is_an_error) {
    run([](dbus_call& test) -> task<> {
        const auto failed = co_await as_result(
            test.method("Hold", "x", {.timeout = std::chrono::milliseconds(20)}));
        EXPECT_TRUE(failed.error().matches(G_IO_ERROR_TIMED_OUT));
        const auto cut = co_await as_result(with_timeout(20ms, test.method("Hold")));
        EXPECT_TRUE(cut.error().matches(G_IO_ERROR_TIMED_OUT));
    }(*this));
}

TEST_F(dbus_call, the_cancellation_of_the_task_ends_the_wait) {
    run([](dbus_call& test) -> task<> {
        const auto waiting = spawn(as_result(test.method("Hold")));
        while (test.service->held() == 0)
            co_await sleep_for(1ms);
        waiting.cancel();
        const auto ended = co_await waiting;
        EXPECT_TRUE(ended.was_cancelled());
    }(*this));
}

TEST_F(dbus_call, a_closed_connection_is_an_error) {
    run([](dbus_call& test) -> task<> {
        g_dbus_connection_close_sync(test.connection, nullptr, nullptr);
        const auto failed = co_await as_result(test.method("Echo"));
        EXPECT_TRUE(failed.error().matches(G_IO_ERROR_CLOSED));
    }(*this));
}

TEST_F(dbus_call, one_that_is_never_awaited_is_never_sent) {
    run([](dbus_call& test) -> task<> {
        {
            const auto dropped = test.method("Hold");
        }
        co_await test.method("Echo");
        EXPECT_EQ(test.service->held(), 0u);
    }(*this));
}

TEST_F(dbus_call, keeps_what_it_was_given) {
    run([](dbus_call& test) -> task<> {
        auto later = [](dbus_call& of) {
            const std::string gone = of.destination;
            const std::string text(100, 'x');
            return call<std::string>(of.connection, gone, bus_service::path, bus_service::interface,
                                     "Echo", text);
        }(test);
        EXPECT_EQ(co_await std::move(later), std::string(100, 'x'));
    }(*this));
}

} // namespace
} // namespace gawait::dbus::test
