#include "gawait/dbus/object_manager.hpp"

#include "gawait/dbus/proxy.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* device_name = "org.gawait.Device";
const object_path root("/org/gawait");
const object_path printer("/org/gawait/printer");

struct dbus_object_manager : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> serving = bus.connect();
    ref<GDBusConnection> calling = bus.connect();
    interface device{device_name};
    proxy remote{calling, g_dbus_connection_get_unique_name(serving), root};

    dbus_object_manager() {
        device.property("Model", []() -> task<std::string> {
            co_await sleep_for(1ms);
            co_return "x100";
        });
        device.method("Print", [] { return 1; });
    }

    /// Runs a body with a manager.
    template <class Body> void managing(Body body) {
        run([](dbus_object_manager& test, Body& does) -> task<> {
            co_await with_scope([&](scope& calls) -> task<> {
                object_manager manager(calls, test.serving, root);
                co_await does(test, manager);
            });
        }(*this, body));
    }

    call_operation<managed_objects> all() const {
        return remote.call<managed_objects>(object_manager_interface, "GetManagedObjects");
    }

    interface_properties of_device() const {
        return {{device_name, {{"Model", std::string("x100")}}}};
    }

    managed_objects only_printer() const { return {{printer, of_device()}}; }
};

TEST_F(dbus_object_manager, gives_all_objects_with_their_properties) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        EXPECT_EQ(co_await test.all(), managed_objects());
        const auto object = co_await manager.add(printer, test.device);
        EXPECT_EQ(object.path(), printer);
        EXPECT_EQ(co_await test.all(), test.only_printer());
        const proxy device(test.calling, test.remote.destination(), printer);
        EXPECT_EQ(co_await device.call<int>(device_name, "Print"), 1);
    });
}

TEST_F(dbus_object_manager, tells_of_those_that_come_and_go) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        auto added = test.remote.signals<std::tuple<object_path, interface_properties>>(
            object_manager_interface, "InterfacesAdded");
        auto removed = test.remote.signals<std::tuple<object_path, std::vector<std::string>>>(
            object_manager_interface, "InterfacesRemoved");
        co_await test.all();
        {
            auto object = co_await manager.add(printer, test.device);
            EXPECT_EQ(co_await added.next(), std::tuple(printer, test.of_device()));
            const managed_object moved = std::move(object);
            EXPECT_EQ(removed.kept(), 0u);
        }
        const std::vector<std::string> names{device_name};
        EXPECT_EQ(co_await removed.next(), std::tuple(printer, names));
        EXPECT_EQ(co_await test.all(), managed_objects());
    });
}

TEST_F(dbus_object_manager, an_object_that_cannot_be_told_of_is_not_there) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        interface large("org.gawait.Large");
        std::size_t size = (64 << 20) + 1;
        large.property("Content", [&] { return bytes(size); });
        const auto refused = co_await as_result(manager.add(printer, large));
        EXPECT_TRUE(refused.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
        EXPECT_EQ(co_await test.all(), managed_objects());
        size = 1;
        const auto object = co_await manager.add(printer, large);
        EXPECT_EQ((co_await test.all()).size(), 1U);
    });
}

TEST_F(dbus_object_manager, objects_outside_of_it_or_there_already_are_refused) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        for (const char* outside : {"/", "/org/gawait", "/org/gawaitx", "/other"}) {
            const object_path path(outside);
            const auto refused = co_await as_result(manager.add(path, test.device));
            EXPECT_TRUE(refused.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS))
                << outside;
        }
        const auto object = co_await manager.add(printer, test.device);
        const auto twice = co_await as_result(manager.add(printer, test.device));
        EXPECT_TRUE(twice.error().matches(G_IO_ERROR_EXISTS));
        const interface other("org.gawait.Other");
        const auto more = co_await as_result(manager.add(printer, other));
        EXPECT_TRUE(more.error().matches(G_IO_ERROR_EXISTS));
        EXPECT_EQ(co_await test.all(), test.only_printer());
    });
}

TEST_F(dbus_object_manager, an_object_that_is_cancelled_while_it_is_added_is_not_there) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        const auto adding = spawn(as_result(manager.add(printer, test.device)));
        co_await sleep_for(0ms);
        adding.cancel();
        EXPECT_TRUE((co_await adding).was_cancelled());
        EXPECT_EQ(co_await test.all(), managed_objects());
        const auto object = co_await manager.add(printer, test.device);
        EXPECT_EQ((co_await test.all()).size(), 1u);
    });
}

TEST_F(dbus_object_manager, an_object_may_outlive_it) {
    run([](dbus_object_manager& test) -> task<> {
        co_await with_scope([&](scope& calls) -> task<> {
            std::optional<object_manager> manager;
            manager.emplace(calls, test.serving, root);
            const auto object = co_await manager->add(printer, test.device);
            manager.reset();
            const auto gone = co_await as_result(test.all());
            EXPECT_TRUE(gone.has_error());
            const proxy device(test.calling, test.remote.destination(), printer);
            EXPECT_EQ(co_await device.call<int>(device_name, "Print"), 1);
        });
    }(*this));
}

TEST_F(dbus_object_manager, that_was_moved_from_is_refused) {
    managing([](dbus_object_manager& test, object_manager& manager) -> task<> {
        object_manager moved = std::move(manager);
        EXPECT_THROW((void)manager.add(printer, test.device), gawait::error);
        auto object = co_await moved.add(printer, test.device);
        const auto moved_object = std::move(object);
        EXPECT_THROW(object.path(), gawait::error);
        EXPECT_EQ(moved_object.path(), printer);
    });
}

} // namespace
} // namespace gawait::dbus::test
