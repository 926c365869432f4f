#include "gawait/dbus/proxy.hpp"

#include "gawait/dbus/error.hpp"
#include "gawait/dbus/service.hpp"
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

struct dbus_proxy : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> serving = bus.connect();
    ref<GDBusConnection> calling = bus.connect();
    proxy remote{calling, g_dbus_connection_get_unique_name(serving), path};
    interface tested{name};
    double volume = 1;

    dbus_proxy() {
        tested.method("Hold", []() -> task<> { co_await sleep_for(1h); });
        tested.property("Volume", [this] { return volume; }, [this](double to) { set_volume(to); });
        tested.property("Title", [] { return std::string("title"); });
        tested.property("Lazy", [this] { return volume; }, change_signal::invalidates);
    }

    void set_volume(double to) {
        volume = to;
        tested.changed("Volume", to);
    }

    /// Runs a body while the object is there.
    template <class Body> void serving_it(Body body) {
        run([](dbus_proxy& test, Body& does) -> task<> {
            auto with = [&](exported&) { return does(test); };
            auto all = with_exported(test.serving, path, test.tested, with);
            co_await all;
        }(*this, body));
    }
};

TEST_F(dbus_proxy, what_it_gives_does_not_need_it) {
    serving_it([](dbus_proxy& test) -> task<> {
        std::optional<proxy> short_lived(test.remote);
        auto asking = short_lived->property<double>(name, "Volume").get();
        auto volume = short_lived->property<double>(name, "Volume");
        auto values = volume.values();
        short_lived.reset();
        EXPECT_EQ(co_await std::move(asking), 1);
        EXPECT_EQ(co_await volume.get(), 1);
        EXPECT_EQ(*co_await values.next(), 1);
    });
}

TEST_F(dbus_proxy, its_options_are_those_of_its_calls) {
    serving_it([](dbus_proxy& test) -> task<> {
        test.remote.options().timeout = 20ms;
        const auto failed = co_await as_result(test.remote.call(name, "Hold"));
        EXPECT_TRUE(failed.error().matches(G_IO_ERROR_TIMED_OUT));
    });
}

TEST_F(dbus_proxy, a_property_gives_its_value_and_then_each_change) {
    serving_it([](dbus_proxy& test) -> task<> {
        const auto volume = test.remote.property<double>(name, "Volume");
        auto values = volume.values();
        EXPECT_EQ(*co_await values.next(), 1);
        test.tested.changed("Title", std::string("other")); // of which nobody asked
        test.set_volume(2);
        test.set_volume(3);
        EXPECT_EQ(*co_await values.next(), 2);
        EXPECT_EQ(*co_await values.next(), 3);
        co_await volume.set(4);
        EXPECT_EQ(*co_await values.next(), 4);
    });
}

TEST_F(dbus_proxy, a_property_whose_new_value_is_not_told_is_asked_for_it) {
    serving_it([](dbus_proxy& test) -> task<> {
        auto values = test.remote.property<double>(name, "Lazy").values();
        EXPECT_EQ(*co_await values.next(), 1);
        test.volume = 2;
        test.tested.invalidated("Lazy");
        EXPECT_EQ(*co_await values.next(), 2);
        test.volume = 3;
        test.tested.changed("Lazy", 0.5); // not told either
        EXPECT_EQ(*co_await values.next(), 3);
    });
}

TEST_F(dbus_proxy, the_values_end_with_the_connection) {
    serving_it([](dbus_proxy& test) -> task<> {
        auto values = test.remote.property<double>(name, "Volume").values();
        EXPECT_EQ(*co_await values.next(), 1);
        g_dbus_connection_close_sync(test.calling, nullptr, nullptr);
        EXPECT_EQ(co_await values.next(), nullptr);
    });
}

TEST_F(dbus_proxy, the_values_of_a_property_of_another_type_are_an_error) {
    serving_it([](dbus_proxy& test) -> task<> {
        auto values = test.remote.property<std::string>(name, "Volume").values();
        const auto wrong = co_await as_result(values.next());
        EXPECT_TRUE(wrong.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
    });
}

TEST_F(dbus_proxy, a_wait_for_a_change_can_be_cancelled) {
    serving_it([](dbus_proxy& test) -> task<> {
        const auto waiting = spawn([&]() -> task<> {
            auto values = test.remote.property<double>(name, "Volume").values();
            while (co_await values.next())
                continue;
        });
        co_await sleep_for(5ms);
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
    });
}

TEST_F(dbus_proxy, of_what_is_no_name_is_refused) {
    EXPECT_THROW(proxy(calling, "no name", path), value_error);
    EXPECT_THROW(proxy(nullptr, "a.b", path), gawait::error);
    EXPECT_NO_THROW(proxy(calling, "", path)); // of a peer
}

} // namespace
} // namespace gawait::dbus::test
