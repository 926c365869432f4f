#include "gawait/dbus/signals.hpp"

#include "gawait/dbus/call.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"
#include "support/tested_object.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;

struct dbus_signals : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> sender = bus.connect();
    ref<GDBusConnection> receiver = bus.connect();

    signal_match ticks() const {
        return {.sender = g_dbus_connection_get_unique_name(sender),
                .path = path.c_str(),
                .interface = name,
                .member = "Tick"};
    }

    template <class T> void emit(const T& body, const char* member = "Tick") const {
        g_dbus_connection_emit_signal(sender, nullptr, path.c_str(), name, member, to_variant(body),
                                      nullptr);
    }

    /// Lets the bus deal with all that was sent to it.
    static void synchronise(GDBusConnection* connection) {
        const auto reply = ref<GVariant>::adopt(g_dbus_connection_call_sync(
            connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "GetId", nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr));
    }

    /// Sends signals when those that are listened for are known to the bus.
    template <class Send> void after_subscription(Send send) const {
        synchronise(receiver);
        send();
        synchronise(sender);
    }
};

TEST_F(dbus_signals, come_one_after_the_other) {
    run([](const dbus_signals& test) -> task<> {
        signals<std::tuple<std::string, unsigned>> ticks(test.receiver, test.ticks());
        test.after_subscription([&] {
            test.emit(std::tuple("first", 1u));
            test.emit(std::tuple("other", 1u), "Tock");
            test.emit(std::tuple("second", 2u));
        });
        EXPECT_EQ(co_await ticks.next(), std::tuple(std::string("first"), 1u));
        EXPECT_EQ(co_await ticks.next(), std::tuple(std::string("second"), 2u));
    }(*this));
}

TEST_F(dbus_signals, with_one_value_or_none_are_that) {
    run([](const dbus_signals& test) -> task<> {
        signals<std::string> ticks(test.receiver, test.ticks());
        signal_match which = test.ticks();
        which.member = "Nothing";
        signals<std::tuple<>> nothing(test.receiver, which);
        test.after_subscription([&] {
            test.emit(std::tuple("one"));
            g_dbus_connection_emit_signal(test.sender, nullptr, path.c_str(), name, "Nothing",
                                          nullptr, nullptr);
        });
        EXPECT_EQ(co_await ticks.next(), "one");
        EXPECT_TRUE((co_await nothing.next()).has_value());
    }(*this));
}

TEST_F(dbus_signals, are_chosen_by_their_first_argument) {
    run([](const dbus_signals& test) -> task<> {
        signals<std::string> ticks(test.receiver, {.interface = name, .argument = "this"});
        test.after_subscription([&] {
            test.emit(std::tuple("that"));
            test.emit(std::tuple("this"), "Tock");
        });
        EXPECT_EQ(co_await ticks.next(), "this");
    }(*this));
}

TEST_F(dbus_signals, of_another_type_are_errors_and_the_next_is_fine) {
    run([](const dbus_signals& test) -> task<> {
        signals<std::string> ticks(test.receiver, test.ticks());
        test.after_subscription([&] {
            test.emit(std::tuple(1));
            test.emit(std::tuple("text"));
        });
        bool refused = false;
        try {
            co_await ticks.next();
        } catch (const type_error& wrong) {
            refused = true;
            EXPECT_EQ(wrong.found(), "(i)");
        }
        EXPECT_TRUE(refused);
        EXPECT_EQ(co_await ticks.next(), "text");
    }(*this));
}

TEST_F(dbus_signals, the_oldest_go_when_more_come_than_are_kept) {
    run([](const dbus_signals& test) -> task<> {
        signals<int> ticks(test.receiver, test.ticks(), 2);
        test.after_subscription([&] {
            for (int number = 1; number <= 4; ++number)
                test.emit(std::tuple(number));
        });
        while (ticks.dropped() < 2)
            co_await sleep_for(1ms);
        EXPECT_EQ(ticks.kept(), 2u);
        EXPECT_EQ(co_await ticks.next(), 3);
        EXPECT_EQ(co_await ticks.next(), 4);
    }(*this));
}

TEST_F(dbus_signals, a_cancelled_wait_loses_nothing) {
    run([](const dbus_signals& test) -> task<> {
        signals<int> ticks(test.receiver, test.ticks());
        const auto waiting = spawn([&]() -> task<> { co_await ticks.next(); });
        co_await sleep_for(1ms);
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        test.after_subscription([&] { test.emit(std::tuple(1)); });
        EXPECT_EQ(co_await ticks.next(), 1);
    }(*this));
}

TEST_F(dbus_signals, end_when_they_are_closed) {
    run([](const dbus_signals& test) -> task<> {
        signals<int> ticks(test.receiver, test.ticks());
        test.after_subscription([&] { test.emit(std::tuple(1)); });
        while (ticks.kept() == 0)
            co_await sleep_for(1ms);
        ticks.close();
        EXPECT_EQ(co_await ticks.next(), 1);
        EXPECT_EQ(co_await ticks.next(), std::nullopt);
        EXPECT_EQ(co_await ticks.next(), std::nullopt);
    }(*this));
}

TEST_F(dbus_signals, end_when_the_connection_is_closed) {
    run([](const dbus_signals& test) -> task<> {
        signals<int> ticks(test.receiver, test.ticks());
        g_dbus_connection_close_sync(test.receiver, nullptr, nullptr);
        EXPECT_EQ(co_await ticks.next(), std::nullopt);
        signals<int> late(test.receiver, test.ticks());
        EXPECT_EQ(co_await late.next(), std::nullopt);
    }(*this));
}

TEST_F(dbus_signals, that_were_dropped_on_the_way_do_no_harm) {
    run([](const dbus_signals& test) -> task<> {
        {
            signals<int> ticks(test.receiver, test.ticks());
            test.after_subscription([&] { test.emit(std::tuple(1)); });
        }
        synchronise(test.receiver); // by then it has come
        signals<int> moved_from(test.receiver, test.ticks());
        signals<int> ticks = std::move(moved_from);
        test.after_subscription([&] { test.emit(std::tuple(2)); });
        EXPECT_EQ(co_await ticks.next(), 2);
    }(*this));
}

TEST_F(dbus_signals, the_connection_is_let_go_of) {
    weak_ref<GDBusConnection> watched(receiver.get());
    run([](const dbus_signals& test) -> task<> {
        signals<int> ticks(test.receiver, test.ticks());
        co_await sleep_for(1ms);
    }(*this));
    g_dbus_connection_close_sync(receiver, nullptr, nullptr);
    receiver = nullptr;
    EXPECT_TRUE(context.iterate_until([&] { return !watched.lock(); }));
}

TEST(dbus_signals_elsewhere, come_where_the_coroutine_runs_though_nobody_pushed_its_context) {
    const gawait::test::session_bus bus;
    const auto sender = bus.connect();
    const auto receiver = bus.connect();
    const auto context = ref<GMainContext>::adopt(g_main_context_new());
    const auto receiving = spawn_on(context, [&]() -> task<int> {
        co_await call<std::string>(receiver, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                   "org.freedesktop.DBus", "GetId");
        signals<int> ticks(receiver, {.interface = name}); // within a callback of GDBus's
        dbus_signals::synchronise(receiver);
        const auto tick = std::tuple(7);
        g_dbus_connection_emit_signal(sender, nullptr, path.c_str(), name, "Tick", to_variant(tick),
                                      nullptr);
        co_return (co_await ticks.next()).value_or(0);
    });
    while (!receiving.done())
        g_main_context_iteration(context, TRUE);
    EXPECT_EQ(receiving.take(), 7);
}

TEST_F(dbus_signals, of_what_is_no_name_are_refused) {
    EXPECT_THROW(std::ignore = (signals<int>(receiver, {.sender = "a b"})), value_error);
    EXPECT_THROW(std::ignore = (signals<int>(receiver, {.path = "a"})), value_error);
    EXPECT_THROW(std::ignore = (signals<int>(receiver, {.interface = "a"})), value_error);
    EXPECT_THROW(std::ignore = (signals<int>(receiver, {.member = "a.b"})), value_error);
    EXPECT_THROW(std::ignore = (signals<int>(nullptr, {})), gawait::error);
}

TEST_F(dbus_signals, that_were_moved_from_are_refused) {
    signals<unsigned> ticks(receiver, this->ticks());
    const auto moved = std::move(ticks);
    EXPECT_THROW((void)ticks.next(), gawait::error);
    EXPECT_THROW(ticks.kept(), gawait::error);
    EXPECT_THROW(ticks.dropped(), gawait::error);
    ticks.close();
    EXPECT_EQ(moved.kept(), 0U);
}

} // namespace
} // namespace gawait::dbus::test
