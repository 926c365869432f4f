#include "gawait/dbus/interface.hpp"

#include "gawait/dbus/error.hpp"
#include "gawait/dbus/proxy.hpp"
#include "gawait/dbus/service.hpp"
#include "gawait/dbus/signals.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"
#include "support/tested_object.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <tuple>

namespace gawait::dbus::test {
namespace {

using namespace std::chrono_literals;

struct dbus_interface : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> serving = bus.connect();
    ref<GDBusConnection> calling = bus.connect();
    proxy remote{calling, g_dbus_connection_get_unique_name(serving), path};

    /// Runs a body while an interface is exported.
    template <class Body> void exporting(const interface& tested, Body body) {
        run([](dbus_interface& test, const interface& exports, Body& does) -> task<> {
            auto with = [&](exported&) { return does(test); };
            auto all = with_exported(test.serving, path, exports, with);
            co_await all;
        }(*this, tested, body));
    }

    task<std::string> described() const {
        return [](const proxy& of) -> task<std::string> {
            co_return co_await of.call<std::string>("org.freedesktop.DBus.Introspectable",
                                                    "Introspect");
        }(remote);
    }
};

template <class Function> std::string refusal_of(Function function) {
    try {
        function();
    } catch (const gawait::error& refused) {
        return refused.message();
    }
    return "none";
}

// Descriptions ---------------------------------------------------------------------

TEST_F(dbus_interface, describes_itself_by_the_types_of_its_handlers) {
    interface tested(name);
    tested.method("Find", [](std::string, int) { return std::tuple(1u, true); },
                  {.in = {"pattern", "from <0"}, .out = {"at"}});
    tested.property("Rate", [] { return 1.5; }, [](double) {}, change_signal::invalidates);
    tested.property("Id", [] { return std::string(); }, change_signal::constant);
    tested.property("Secret", nullptr, [](std::string) {}, change_signal::none);
    tested.signal<object_path, vardict>("Found", {"where"});
    exporting(tested, [](dbus_interface& test) -> task<> {
        const std::string xml = co_await test.described();
        const auto node =
            ref<GDBusNodeInfo>::adopt(g_dbus_node_info_new_for_xml(xml.c_str(), nullptr));
        GDBusInterfaceInfo* const info = g_dbus_node_info_lookup_interface(node, name);
        GDBusMethodInfo* const find = g_dbus_interface_info_lookup_method(info, "Find");
        EXPECT_STREQ(find->in_args[0]->signature, "s");
        EXPECT_STREQ(find->in_args[0]->name, "pattern");
        EXPECT_STREQ(find->in_args[1]->signature, "i");
        EXPECT_STREQ(find->in_args[1]->name, "from <0");
        EXPECT_STREQ(find->out_args[0]->signature, "u");
        EXPECT_STREQ(find->out_args[1]->signature, "b");
        const auto told = [&](const char* property) {
            return std::string(g_dbus_annotation_info_lookup(
                g_dbus_interface_info_lookup_property(info, property)->annotations,
                "org.freedesktop.DBus.Property.EmitsChangedSignal"));
        };
        EXPECT_EQ(told("Rate"), "invalidates");
        EXPECT_EQ(told("Id"), "const");
        EXPECT_EQ(told("Secret"), "false");
        const auto flags = [&](const char* property) {
            return g_dbus_interface_info_lookup_property(info, property)->flags;
        };
        EXPECT_EQ(flags("Rate"),
                  G_DBUS_PROPERTY_INFO_FLAGS_READABLE | G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE);
        EXPECT_EQ(flags("Id"), G_DBUS_PROPERTY_INFO_FLAGS_READABLE);
        EXPECT_EQ(flags("Secret"), G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE);
        GDBusSignalInfo* const found = g_dbus_interface_info_lookup_signal(info, "Found");
        EXPECT_STREQ(found->args[0]->signature, "o");
        EXPECT_STREQ(found->args[1]->signature, "a{sv}");
    });
}

constexpr const char* description = R"(
    <node><interface name="org.gawait.Test">
      <method name="Add">
        <arg name="a" type="i" direction="in"/><arg name="b" type="i" direction="in"/>
        <arg name="sum" type="i" direction="out"/>
        <annotation name="org.gawait.Note" value="kept"/>
      </method>
      <property name="Rate" type="d" access="readwrite">
        <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="invalidates"/>
      </property>
      <signal name="Ticked"><arg type="u"/></signal>
    </interface></node>)";

TEST_F(dbus_interface, may_be_given_its_description) {
    interface tested(name, description);
    tested.method("Add", [](int a, int b) { return a + b; });
    tested.property("Rate", [] { return 1.0; }, [](double) {});
    exporting(tested, [](dbus_interface& test) -> task<> {
        EXPECT_NE((co_await test.described()).find("org.gawait.Note"), std::string::npos);
        EXPECT_EQ(co_await test.remote.call<int>(name, "Add", 1, 2), 3);
    });
}

TEST_F(dbus_interface, other_types_than_the_description_says_are_refused) {
    interface tested(name, description);
    EXPECT_EQ(refusal_of([&] { tested.method("Add", [](int) { return 1; }); }),
              "what the method 'Add' takes is '(ii)' by its description, not '(i)'");
    EXPECT_EQ(refusal_of([&] { tested.method("Add", [](int, int) {}); }),
              "what the method 'Add' gives is '(i)' by its description, not '()'");
    EXPECT_EQ(refusal_of([&] { tested.method("Other", [] {}); }),
              "the description of 'org.gawait.Test' has no method 'Other'");
    EXPECT_EQ(refusal_of([&] { tested.property("Rate", [] { return 1; }); }),
              "the property 'Rate' is 'd' by its description, not 'i'");
    EXPECT_EQ(refusal_of([&] { tested.signal<int>("Ticked"); }),
              "what the signal 'Ticked' carries is '(u)' by its description, not '(i)'");
    EXPECT_EQ(refusal_of([&] { tested.emit("Ticked", "text"); }),
              "what the signal 'Ticked' carries is '(u)' by its description, not '(s)'");
    tested.property("Rate", [] { return 1.0; });
    EXPECT_EQ(refusal_of([&] { tested.changed("Rate", 1); }),
              "the property 'Rate' is 'd' by its description, not 'i'");
}

TEST_F(dbus_interface, that_lacks_a_handler_of_its_description_is_not_exported) {
    interface tested(name, description);
    run([](dbus_interface& test, const interface& lacks) -> task<> {
        const auto refused = co_await as_result(serve(test.serving, path, lacks));
        EXPECT_STREQ(refused.error().message(), "the method 'org.gawait.Test.Add' has no handler");
    }(*this, tested));
    tested.method("Add", [](int a, int b) { return a + b; });
    tested.property("Rate", [] { return 1.0; });
    run([](dbus_interface& test, const interface& lacks) -> task<> {
        const auto refused = co_await as_result(serve(test.serving, path, lacks));
        EXPECT_STREQ(refused.error().message(),
                     "the property 'org.gawait.Test.Rate' lacks a handler");
    }(*this, tested));
}

TEST_F(dbus_interface, what_is_no_name_is_refused) {
    EXPECT_THROW(interface("org.freedesktop.DBus.Properties"), value_error);
    EXPECT_THROW(interface("nodots"), value_error);
    EXPECT_THROW(interface("a.b", description), value_error);
    EXPECT_THROW(interface(name, "<node"), gawait::error);
    interface tested(name);
    EXPECT_THROW(tested.method("No Name", [] {}), value_error);
    EXPECT_THROW(tested.emit("Unknown"), value_error);
    EXPECT_THROW(tested.invalidated("Unknown"), value_error);
}

TEST_F(dbus_interface, has_each_member_once_and_none_after_it_was_exported) {
    interface tested(name);
    tested.method("Do", [] {});
    EXPECT_EQ(refusal_of([&] { tested.method("Do", [] {}); }),
              "the interface 'org.gawait.Test' has 'Do' already");
    tested.property("Id", [] { return 1; });
    EXPECT_THROW(tested.property("Id", [] { return 1; }), value_error);
    tested.signal<>("Done");
    EXPECT_THROW(tested.signal<>("Done"), value_error);
    exporting(tested, [](dbus_interface&) -> task<> { co_return; });
    EXPECT_EQ(refusal_of([&] { tested.method("Late", [] {}); }),
              "'Late' cannot be added to the interface 'org.gawait.Test', which was exported "
              "already");
}

// Signals --------------------------------------------------------------------------

TEST_F(dbus_interface, sends_signals_of_each_object_that_has_it) {
    interface tested(name);
    tested.signal<unsigned, std::string>("Ticked").signal<>("Stopped");
    exporting(tested, [&](dbus_interface& test) -> task<> {
        auto ticks = test.remote.signals<std::tuple<unsigned, std::string>>(name, "Ticked");
        auto stops = test.remote.signals<std::tuple<>>(name, "Stopped");
        const proxy other(test.calling, test.remote.destination(), object_path("/other"));
        auto others = other.signals<std::tuple<unsigned, std::string>>(name, "Ticked");
        co_await test.described(); // the bus knows by then
        auto body = [&](exported&) -> task<> {
            tested.emit("Ticked", 1u, "text");
            co_return;
        };
        auto with_other = with_exported(test.serving, other.path(), tested, body);
        co_await with_other;
        tested.emit("Ticked", 2u, std::string("again"));
        tested.emit("Stopped");
        EXPECT_EQ(co_await ticks.next(), std::tuple(1u, std::string("text")));
        EXPECT_EQ(co_await ticks.next(), std::tuple(2u, std::string("again")));
        EXPECT_TRUE((co_await stops.next()).has_value());
        EXPECT_EQ(co_await others.next(), std::tuple(1u, std::string("text")));
        EXPECT_EQ(others.kept(), 0u);
    });
}

// Properties -----------------------------------------------------------------------

TEST_F(dbus_interface, properties_are_got_and_set_by_functions_and_coroutines) {
    double rate = 1;
    std::string caller;
    interface tested(name);
    tested.property("Rate", [&] { return rate; }, [&](double to) { rate = to; });
    tested.property(
        "Slow",
        [&]() -> task<std::string> {
            co_await sleep_for(1ms);
            co_return caller;
        },
        [&](const invocation& call, std::string text) -> task<> {
            co_await sleep_for(1ms);
            caller = text + " of " + std::string(call.sender());
        });
    tested.property("Any", [] { return variant(5); });
    exporting(tested, [](dbus_interface& test) -> task<> {
        const auto remote_rate = test.remote.property<double>(name, "Rate");
        EXPECT_EQ(co_await remote_rate.get(), 1);
        co_await remote_rate.set(2.5);
        EXPECT_EQ(co_await remote_rate.get(), 2.5);
        const auto slow = test.remote.property<std::string>(name, "Slow");
        co_await slow.set("text");
        const std::string self = g_dbus_connection_get_unique_name(test.calling);
        EXPECT_EQ(co_await slow.get(), "text of " + self);
        const auto any = test.remote.property<variant>(name, "Any");
        EXPECT_EQ((co_await any.get()).get<int>(), 5);
        const auto all = co_await test.remote.get_all(name);
        EXPECT_EQ(all.size(), 3u);
        EXPECT_EQ(all.at("Rate").get<double>(), 2.5);
        EXPECT_EQ(all.at("Any").get<variant>().get<int>(), 5);
    });
}

TEST_F(dbus_interface, a_property_that_fails_is_an_error_and_left_out_of_all) {
    interface tested(name);
    tested.property("Good", [] { return 1; }, [](int) { throw std::runtime_error("full"); });
    tested.property("Bad", []() -> int { throw error("org.gawait.Error.Broken", "no"); });
    tested.property("Worse", []() -> int { throw std::runtime_error("worse"); });
    const gawait::test::unobserved_log unobserved;
    exporting(tested, [&](dbus_interface& test) -> task<> {
        const auto bad = test.remote.property<int>(name, "Bad");
        const auto failed = co_await as_result(bad.get());
        EXPECT_EQ(error(failed.error()).name(), "org.gawait.Error.Broken");
        const auto good = test.remote.property<int>(name, "Good");
        const auto refused = co_await as_result(good.set(1));
        EXPECT_EQ(error(refused.error()).name(), "org.freedesktop.DBus.Error.Failed");
        const auto read_only = co_await as_result(bad.set(1));
        EXPECT_EQ(error(read_only.error()).name(), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto all = co_await test.remote.get_all(name);
        EXPECT_EQ(all.size(), 1u);
        const auto told = unobserved.taken();
        EXPECT_EQ(told.size(), 2u);
        EXPECT_EQ(told.back(), "worse");
    });
}

TEST_F(dbus_interface, a_property_of_another_type_is_an_error) {
    interface tested(name);
    int sets = 0;
    tested.property("Rate", [] { return 1.0; }, [&](double) { ++sets; });
    exporting(tested, [&](dbus_interface& test) -> task<> {
        const auto wrong = test.remote.property<std::string>(name, "Rate");
        const auto got = co_await as_result(wrong.get());
        EXPECT_TRUE(got.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
        const auto set = co_await as_result(wrong.set("text"));
        EXPECT_EQ(error(set.error()).name(), "org.freedesktop.DBus.Error.InvalidArgs");
        const auto unknown = test.remote.property<int>(name, "Unknown");
        EXPECT_TRUE((co_await as_result(unknown.get())).has_error());
        EXPECT_EQ(sets, 0);
    });
}

TEST_F(dbus_interface, tells_of_changes_as_its_description_says) {
    interface tested(name);
    double rate = 1;
    tested.property("Rate", [&] { return rate; });
    tested.property("Lazy", [&] { return rate; }, change_signal::invalidates);
    tested.property("Id", [] { return 1; }, change_signal::constant);
    tested.property("Quiet", [] { return 1; }, change_signal::none);
    exporting(tested, [&](dbus_interface& test) -> task<> {
        auto changes = test.remote.signals<detail::properties_change>(properties_interface,
                                                                      "PropertiesChanged");
        co_await test.described();
        tested.changed("Quiet", 2); // says nothing
        tested.changed("Rate", 2.0);
        tested.changed("Lazy", 3.0);
        tested.invalidated("Rate");
        EXPECT_THROW(tested.changed("Id", 2), value_error);
        const std::vector<std::string> none;
        const auto with_value = co_await changes.next();
        EXPECT_EQ(with_value, std::tuple(std::string(name), vardict{{"Rate", 2.0}}, none));
        const auto lazy = co_await changes.next();
        EXPECT_EQ(std::get<2>(*lazy), std::vector<std::string>{"Lazy"});
        const auto invalid = co_await changes.next();
        EXPECT_EQ(std::get<2>(*invalid), std::vector<std::string>{"Rate"});
    });
}

TEST_F(dbus_interface, that_was_moved_from_is_the_same_one_still) {
    interface tested(name);
    interface moved = std::move(tested);
    tested.method("One", [] { return 1; });
    EXPECT_EQ(refusal_of([&] { moved.method("One", [] { return 1; }); }),
              refusal_of([&] { tested.method("One", [] { return 1; }); }));
    EXPECT_NE(refusal_of([&] { moved.method("One", [] { return 1; }); }), "none");
}

} // namespace
} // namespace gawait::dbus::test
