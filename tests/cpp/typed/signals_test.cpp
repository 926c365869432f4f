#include "gawait/gio/action_group.hpp"
#include "gawait/gio/file_monitor.hpp"
#include "gawait/gio/settings.hpp"
#include "gawait/gio/simple_action.hpp"
#include "gawait/gio/socket_service.hpp"

#include "gawait/gawait.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace gawait {
namespace {

using test::let_others_run;

ref<GSimpleAction> make_action(const char* name) {
    return ref<GSimpleAction>::adopt(g_simple_action_new(name, G_VARIANT_TYPE_STRING));
}

TEST(typed_signals, give_the_arguments_with_their_types) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto body = [&]() -> task<> {
        const auto file = directory.file("watched");
        const auto monitor = ref<GFileMonitor>::adopt(
            g_file_monitor_file(file, G_FILE_MONITOR_NONE, nullptr, nullptr));
        auto changes = gio::file_monitor_changed(monitor).emissions();
        std::ofstream(directory.path() / "watched") << "now";
        auto change = co_await changes.next();
        auto& [changed, other, what] = *change;
        EXPECT_TRUE(g_file_equal(changed, file));
        EXPECT_FALSE(other);
        EXPECT_EQ(what, G_FILE_MONITOR_EVENT_CREATED);
    };
    run(body());
}

TEST(typed_signals, of_a_class_are_those_of_the_classes_below_too) {
    const test::own_context context;
    const auto body = [&]() -> task<> {
        const auto group = ref<GSimpleActionGroup>::adopt(g_simple_action_group_new());
        auto added = gio::action_group_action_added(group).emissions();
        auto one = gio::action_group_action_added(group, "one").emissions();
        g_action_map_add_action(G_ACTION_MAP(group.get()), G_ACTION(make_action("two").get()));
        g_action_map_add_action(G_ACTION_MAP(group.get()), G_ACTION(make_action("one").get()));
        EXPECT_STREQ((*co_await added.next()).get(), "two");
        EXPECT_STREQ((*co_await one.next()).get(), "one") << "the detail";
    };
    run(body());
}

TEST(typed_signals, call_a_coroutine_in_a_scope) {
    const test::own_context context;
    std::string activated;
    const auto action = make_action("act");
    const auto note = [&](ref<GVariant> parameter) -> task<> {
        co_await let_others_run();
        activated += g_variant_get_string(parameter, nullptr);
    };
    const auto body = [&](scope& children) -> task<> {
        gio::simple_action_activate(action).connect(children, note);
        g_action_activate(G_ACTION(action.get()), g_variant_new_string("a"));
        g_action_activate(G_ACTION(action.get()), g_variant_new_string("b"));
        while (activated.size() < 2)
            co_await yield();
        children.cancel();
    };
    run(with_scope(body));
    EXPECT_EQ(activated, "ab");
}

TEST(typed_signals, get_the_answer_of_a_function) {
    const test::own_context context;
    const auto service = ref<GSocketService>::adopt(g_socket_service_new());
    const auto body = [&](scope& children) -> task<> {
        const auto refuse = [](const ref<GSocketConnection>&, const ref<GObject>&) { return true; };
        const auto handling = gio::socket_service_incoming(service).connect(children, refuse);
        gboolean answer = FALSE;
        g_signal_emit_by_name(service.get(), "incoming", nullptr, nullptr, &answer);
        EXPECT_TRUE(answer);
        handling.disconnect();
        co_return;
    };
    run(with_scope(body));
}

TEST(typed_properties, give_each_value) {
    const test::own_context context;
    const auto action = make_action("act");
    const auto body = [&]() -> task<> {
        auto enabled = gio::simple_action_notify_enabled(action).values();
        EXPECT_TRUE(gio::simple_action_notify_enabled(action).get());
        g_simple_action_set_enabled(action, FALSE);
        g_simple_action_set_enabled(action, TRUE);
        EXPECT_EQ(co_await enabled.next(), false);
        EXPECT_EQ(co_await enabled.next(), true);
    };
    run(body());
}

TEST(typed_properties, are_awaited) {
    const test::own_context context;
    const auto action = make_action("act");
    const auto body = [&]() -> task<> {
        const auto next = spawn(
            [&]() -> task<bool> { co_return co_await gio::simple_action_notify_enabled(action); });
        co_await let_others_run();
        g_simple_action_set_enabled(action, FALSE);
        EXPECT_FALSE(co_await next);
    };
    run(body());
}

} // namespace
} // namespace gawait
