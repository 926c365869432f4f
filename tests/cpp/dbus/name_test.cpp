#include "gawait/dbus/name.hpp"

#include "gawait/dbus/error.hpp"
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

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;

struct dbus_name : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> one = bus.connect();
    ref<GDBusConnection> other = bus.connect();
    std::string of_one = g_dbus_connection_get_unique_name(one);
    std::string of_other = g_dbus_connection_get_unique_name(other);

    /// Who the bus says owns the name.
    task<std::string> owner() const {
        auto owners = owners_of(one, name);
        co_return *co_await owners.next();
    }
};

TEST_F(dbus_name, is_owned_as_long_as_it_lives) {
    run([](const dbus_name& test) -> task<> {
        EXPECT_EQ(co_await test.owner(), "");
        {
            const auto owned = co_await own_name(test.one, name);
            EXPECT_EQ(owned.name(), name);
            EXPECT_FALSE(owned.is_lost());
            EXPECT_EQ(co_await test.owner(), test.of_one);
        }
        EXPECT_EQ(co_await test.owner(), "");
    }(*this));
}

TEST_F(dbus_name, that_is_taken_is_an_error_that_names_its_owner) {
    run([](const dbus_name& test) -> task<> {
        const auto owned = co_await own_name(test.one, name);
        try {
            const auto second = co_await own_name(test.other, name);
            ADD_FAILURE();
        } catch (const error& taken) {
            EXPECT_EQ(taken.name(), "org.freedesktop.DBus.Error.NameHasOwner");
            EXPECT_EQ(taken.message(), "the name 'org.gawait.Test' is taken by " + test.of_one);
        }
        EXPECT_EQ(co_await test.owner(), test.of_one);
    }(*this));
}

TEST_F(dbus_name, that_the_connection_owns_already_is_an_error_and_stays) {
    run([](const dbus_name& test) -> task<> {
        const auto owned = co_await own_name(test.one, name);
        const auto again = co_await as_result(own_name(test.one, name));
        EXPECT_EQ(error(again.error()).name(), "org.freedesktop.DBus.Error.NameHasOwner");
        EXPECT_EQ(co_await test.owner(), test.of_one);
    }(*this));
}

TEST_F(dbus_name, is_lost_to_who_replaces_it) {
    run([](const dbus_name& test) -> task<> {
        auto owned = co_await own_name(test.one, name, G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT);
        const auto lost = spawn(owned.lost());
        const auto lost_again = spawn(owned.lost());
        const auto second = co_await own_name(test.other, name, G_BUS_NAME_OWNER_FLAGS_REPLACE);
        co_await lost;
        co_await lost_again;
        EXPECT_TRUE(owned.is_lost());
        EXPECT_FALSE(second.is_lost());
        EXPECT_EQ(co_await test.owner(), test.of_other);
    }(*this));
}

TEST_F(dbus_name, that_was_lost_is_not_taken_from_its_new_owner) {
    run([](const dbus_name& test) -> task<> {
        std::optional<owned_name> owned =
            co_await own_name(test.one, name, G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT);
        const auto second = co_await own_name(test.other, name, G_BUS_NAME_OWNER_FLAGS_REPLACE);
        co_await owned->lost();
        owned.reset();
        EXPECT_EQ(co_await test.owner(), test.of_other);
    }(*this));
}

TEST_F(dbus_name, is_lost_with_the_connection) {
    run([](const dbus_name& test) -> task<> {
        auto owned = co_await own_name(test.one, name);
        g_dbus_connection_close_sync(test.one, nullptr, nullptr);
        co_await owned.lost();
        EXPECT_TRUE(owned.is_lost());
    }(*this));
}

TEST_F(dbus_name, can_be_given_back_and_owned_anew) {
    run([](const dbus_name& test) -> task<> {
        auto owned = co_await own_name(test.one, name);
        co_await owned.release();
        EXPECT_TRUE(owned.is_lost());
        EXPECT_EQ(co_await test.owner(), "");
        // The news of what was given back is not taken for that of what is owned now.
        for (int round = 0; round < 20; ++round) {
            const auto anew = co_await own_name(test.one, name);
            EXPECT_FALSE(anew.is_lost());
            EXPECT_EQ(co_await test.owner(), test.of_one);
            EXPECT_FALSE(anew.is_lost());
        }
    }(*this));
}

TEST_F(dbus_name, who_is_cancelled_while_it_asks_owns_nothing) {
    run([](const dbus_name& test) -> task<> {
        const auto asking = spawn([&]() -> task<> {
            const auto owned = co_await own_name(test.other, name);
            co_await sleep_for(10s);
        });
        co_await sleep_for(0ms);
        asking.cancel();
        EXPECT_TRUE((co_await as_result(asking)).was_cancelled());
        while (co_await test.owner() != "")
            co_await sleep_for(1ms);
    }(*this));
}

TEST_F(dbus_name, that_is_none_is_refused) {
    run([](const dbus_name& test) -> task<> {
        for (const char* none : {"nodots", "", ":1.1", "a b.c"}) {
            auto refused = co_await as_result(own_name(test.one, none));
            EXPECT_TRUE(refused.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS)) << none;
        }
        auto owners = owners_of(test.one, "nodots");
        EXPECT_TRUE((co_await as_result(owners.next())).has_error());
    }(*this));
}

TEST_F(dbus_name, its_owners_come_one_after_the_other) {
    run([](const dbus_name& test) -> task<> {
        auto owners = owners_of(test.other, name);
        EXPECT_EQ(*co_await owners.next(), "");
        {
            const auto owned = co_await own_name(test.one, name);
            EXPECT_EQ(*co_await owners.next(), test.of_one);
        }
        EXPECT_EQ(*co_await owners.next(), "");
        const auto owned = co_await own_name(test.other, name);
        EXPECT_EQ(*co_await owners.next(), test.of_other);
        g_dbus_connection_close_sync(test.other, nullptr, nullptr);
        EXPECT_EQ(co_await owners.next(), nullptr);
    }(*this));
}

TEST_F(dbus_name, who_vanishes_owns_it_no_more) {
    run([](const dbus_name& test) -> task<> {
        auto owners = owners_of(test.one, test.of_other);
        EXPECT_EQ(*co_await owners.next(), test.of_other);
        g_dbus_connection_close_sync(test.other, nullptr, nullptr);
        EXPECT_EQ(*co_await owners.next(), "");
    }(*this));
}

TEST_F(dbus_name, that_was_moved_from_is_refused) {
    run([](const dbus_name& test) -> task<> {
        auto owned = co_await own_name(test.one, name);
        const auto moved = std::move(owned);
        EXPECT_THROW(owned.name(), gawait::error);
        EXPECT_THROW(owned.is_lost(), gawait::error);
        EXPECT_THROW((void)owned.lost(), gawait::error);
        EXPECT_THROW((void)owned.release(), gawait::error);
        EXPECT_FALSE(moved.is_lost());
    }(*this));
}

} // namespace
} // namespace gawait::dbus::test
