#include "gawait/property.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "support/emitting_object.hpp"
#include "support/loop.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace gawait {
namespace {

using test::emitting_object;
using test::let_others_run;
using test::make_emitting_object;

void set_level(emitting_object* object, int level) {
    g_object_set(object, "level", level, nullptr);
}

TEST(property, is_read) {
    const auto object = make_emitting_object();
    set_level(object, 3);
    EXPECT_EQ(object_property<int>(object, "level").get(), 3);
    EXPECT_FALSE(object_property<unique_string>(object, "title").get());
    g_object_set(object, "title", "now", nullptr);
    EXPECT_STREQ(object_property<unique_string>(object, "title").get().get(), "now");
}

TEST(property, is_awaited_and_gives_the_value_after_the_next_change) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto level =
            spawn([&]() -> task<int> { co_return co_await object_property<int>(object, "level"); });
        co_await let_others_run();
        g_object_set(object, "title", "another", nullptr);
        set_level(object, 4);
        set_level(object, 5);
        EXPECT_EQ(co_await level, 4);
    };
    run(body());
}

TEST(property, gives_each_value_in_order) {
    const test::own_context context;
    const auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        auto levels = object_property<int>(object, "level").values();
        auto latest = object_property<int>(object, "level").values(1);
        set_level(object, 1);
        set_level(object, 2);
        EXPECT_EQ(co_await levels.next(), 1);
        EXPECT_EQ(co_await levels.next(), 2);
        EXPECT_EQ(co_await latest.next(), 2);
        EXPECT_EQ(latest.dropped(), 1U);
    };
    run(body());
}

TEST(property, calls_a_handler_with_each_value) {
    const test::own_context context;
    const auto object = make_emitting_object();
    std::vector<int> levels;
    const auto body = [&](scope& children) -> task<> {
        const auto note = [&](int level) -> task<> {
            levels.push_back(level);
            co_return;
        };
        const auto handling = object_property<int>(object, "level").connect(children, note);
        set_level(object, 1);
        set_level(object, 2);
        co_await let_others_run();
        co_await let_others_run();
        handling.disconnect();
    };
    run(with_scope(body));
    EXPECT_EQ(levels, (std::vector{1, 2}));
}

TEST(property, of_an_object_that_is_finalised_meanwhile_is_an_error) {
    const test::own_context context;
    auto object = make_emitting_object();
    const auto body = [&]() -> task<> {
        const auto level =
            spawn([&]() -> task<int> { co_return co_await object_property<int>(object, "level"); });
        co_await let_others_run();
        object = {};
        EXPECT_TRUE((co_await as_result(level)).error().matches(G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST(property, that_there_is_not_or_is_another_is_refused_with_the_line) {
    const auto object = make_emitting_object();
    const auto says = [&](const std::string& what, const std::function<void()>& call) {
        try {
            call();
            ADD_FAILURE() << "nothing is refused: " << what;
        } catch (const error& refused) {
            EXPECT_NE(std::string(refused.message()).find(what), std::string::npos)
                << refused.message();
        }
    };
    says("property_test.cpp:" + std::to_string(__LINE__ + 1) + ": gawait: a emitting_object has no",
         [&] { object_property<int>(object, "none"); });
    says("the property 'emitting_object:level' is a gint, not a bool",
         [&] { object_property<bool>(object, "level"); });
    says("the property 'emitting_object:secret' cannot be read",
         [&] { object_property<int>(object, "secret"); });
    says("the object is null", [] { object_property<int>(ref<emitting_object>(), "level"); });
}

TEST(property, that_was_moved_from_is_refused_by_name) {
    object_property<int> level(make_emitting_object(), "level");
    const auto moved = std::move(level);
    try {
        level.get();
        ADD_FAILURE();
    } catch (const error& refused) {
        EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
        EXPECT_STREQ(refused.what(), "gawait: the signal 'notify::level': it was moved from");
    }
}

} // namespace
} // namespace gawait
