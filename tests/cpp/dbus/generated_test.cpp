// What gawait-gen writes for an interface, from both sides of a bus.

#include "gawait/dbus/error.hpp"
#include "gawait/dbus/service.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"

#include "support/loop.hpp"
#include "support/session_bus.hpp"

#include "org.example.Player.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace gawait::dbus::test {
namespace {

using namespace org::example;
using namespace std::chrono_literals;

constexpr auto path = "/org/example/Player";
constexpr auto properties = "org.freedesktop.DBus.Properties";

class player final : public player_service {
public:
    task<double> seek(double by) override {
        position_ += by;
        emit_seeked(position_);
        co_return position_;
    }

    task<player_describe_result> describe(std::uint32_t track) override {
        co_await sleep_for(1ms);
        co_return player_describe_result{
            "Track " + std::to_string(track), 2.5, {{"year", 1999}, {"live", true}}};
    }

    task<std::string> hold(std::string held) override {
        ++begun;
        const auto slept = co_await as_result(sleep_for(1h));
        cancelled += slept.was_cancelled();
        slept.value();
        co_return held;
    }

    task<player_echo_result> echo(std::map<std::string, std::tuple<std::int32_t, double>> cues,
                                  player_region region) override {
        co_return player_echo_result{std::move(cues), std::move(region)};
    }

    task<std::string> load(unix_fd file) override {
        std::array<char, 16> text{};
        const auto size = read(file.get(), text.data(), text.size());
        co_return std::string(text.data(), std::size_t(size));
    }

    task<> fail(std::string error, std::string message) override {
        if (error.empty())
            throw std::runtime_error(message);
        throw dbus::error(error, message);
        co_return;
    }

    task<> stop() override {
        ++stopped;
        emit_ended();
        co_return;
    }

    task<> delete_(object_path of) override {
        emit_moved(1, 2);
        deleted = of.str();
        co_return;
    }

    double volume() const override { return volume_; }
    void set_volume(double value) override {
        if (value > 1)
            throw dbus::error("org.example.Error.TooLoud", "at most 1");
        volume_ = value;
        volume_changed();
    }
    std::vector<std::string> tracks() const override { return tracks_; }
    std::string identity() const override { return "the player"; }
    double position() const override { return position_; }
    void set_pin(std::uint32_t value) override { pin = value; }

    void add(std::string track) {
        tracks_.push_back(std::move(track));
        tracks_changed();
    }

    int begun = 0;
    int cancelled = 0;
    int stopped = 0;
    std::string deleted;
    std::uint32_t pin = 0;

private:
    double position_ = 0;
    double volume_ = 0.5;
    std::vector<std::string> tracks_;
};

struct dbus_generated : testing::Test {
    gawait::test::own_context context;
    gawait::test::session_bus bus;
    ref<GDBusConnection> serving = bus.connect();
    ref<GDBusConnection> calling = bus.connect();
    player service;
    player_proxy remote{calling, g_dbus_connection_get_unique_name(serving), object_path(path)};

    /// Runs a body while the player is exported.
    template <class Body> void exporting(Body body) {
        run([](dbus_generated& test, Body& does) -> task<> {
            auto with = [&](exported& object) { return does(test, object); };
            auto all = with_exported(test.serving, object_path(path), {test.service}, with);
            co_await all;
        }(*this, body));
    }

    task<> until_held(int count) const {
        while (service.begun < count)
            co_await sleep_for(1ms);
    }
};

// Methods --------------------------------------------------------------------------

TEST_F(dbus_generated, methods_take_and_give_values) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto position = co_await test.remote.seek(2.5);
        static_assert(std::is_same_v<decltype(position), const double>);
        EXPECT_EQ(position, 2.5);
        EXPECT_EQ(co_await test.remote.seek(-1), 1.5);
    });
}

TEST_F(dbus_generated, several_results_have_names) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto track = co_await test.remote.describe(7);
        EXPECT_EQ(track.title, "Track 7");
        EXPECT_EQ(track.length, 2.5);
        EXPECT_EQ(track.tags.at("year").get<int>(), 1999);
        EXPECT_TRUE(track.tags.at("live").get<bool>());
        const auto other = co_await test.remote.describe(8);
        const auto& [title, length, tags] = other;
        EXPECT_EQ(title, "Track 8");
        EXPECT_EQ(tags.size(), 2u);
    });
}

TEST_F(dbus_generated, dictionaries_and_structures_are_types_of_cpp) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const player_region region{1, 2, {{"en", "begin"}, {"de", "Anfang"}}};
        const std::map<std::string, std::tuple<std::int32_t, double>> cues{{"a", {1, 0.5}},
                                                                           {"b", {2, 1.5}}};
        const auto back = co_await test.remote.echo(cues, region);
        EXPECT_EQ(back.same_cues.at("b"), std::tuple(2, 1.5));
        EXPECT_EQ(back.same_region.end, 2);
        EXPECT_EQ(back.same_region.labels.at(1).text, "Anfang");
    });
}

TEST_F(dbus_generated, descriptors_are_handed_over) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe(ends.data()), 0);
        const unix_fd output(ends[0]);
        const unix_fd input(ends[1]);
        EXPECT_EQ(write(input.get(), "text", 4), 4);
        EXPECT_EQ(co_await test.remote.load(output), "text");
    });
}

TEST_F(dbus_generated, a_method_without_reply_is_sent_and_not_awaited) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        auto ended = test.remote.ended();
        test.remote.stop();
        EXPECT_TRUE(co_await ended.next());
        EXPECT_EQ(test.service.stopped, 1);
    });
}

TEST_F(dbus_generated, sending_over_a_closed_connection_is_an_error) {
    g_dbus_connection_close_sync(calling, nullptr, nullptr);
    try {
        remote.stop();
        FAIL() << "it was sent";
    } catch (const gawait::error& failure) {
        EXPECT_TRUE(failure.matches(G_IO_ERROR_CLOSED));
    }
}

TEST_F(dbus_generated, deprecated_methods_can_be_called_all_the_same) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        auto moved = test.remote.moved();
        G_GNUC_BEGIN_IGNORE_DEPRECATIONS
        co_await test.remote.delete_(object_path("/a/track"));
        G_GNUC_END_IGNORE_DEPRECATIONS
        EXPECT_EQ(test.service.deleted, "/a/track");
        const auto tracks = co_await moved.next();
        EXPECT_EQ(tracks->from, 1u);
        EXPECT_EQ(tracks->to, 2u);
    });
}

// Properties -----------------------------------------------------------------------

TEST_F(dbus_generated, properties_are_read_and_written) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        EXPECT_EQ(co_await test.remote.volume(), 0.5);
        co_await test.remote.set_volume(0.75);
        EXPECT_EQ(co_await test.remote.volume(), 0.75);
        EXPECT_EQ(co_await test.remote.identity(), "the player");
        EXPECT_TRUE((co_await test.remote.tracks()).empty());
        co_await test.remote.set_pin(1234);
        EXPECT_EQ(test.service.pin, 1234u);
    });
}

TEST_F(dbus_generated, a_setter_may_refuse_a_value) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto refused = co_await as_result(test.remote.set_volume(2));
        EXPECT_EQ(error(refused.error()).name(), "org.example.Error.TooLoud");
        EXPECT_EQ(co_await test.remote.volume(), 0.5);
    });
}

TEST_F(dbus_generated, changes_of_properties_are_watched) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        auto volumes = test.remote.volume_values();
        EXPECT_EQ(*co_await volumes.next(), 0.5);
        co_await test.remote.set_volume(0.25);
        EXPECT_EQ(*co_await volumes.next(), 0.25);
        auto tracks = test.remote.tracks_values();
        EXPECT_TRUE((co_await tracks.next())->empty());
        test.service.add("one");
        EXPECT_EQ((co_await tracks.next())->at(0), "one");
    });
}

TEST_F(dbus_generated, changes_are_told_as_the_annotation_says) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        using change = std::tuple<std::string, vardict, std::vector<std::string>>;
        auto changes = test.remote.signals<change>(properties, "PropertiesChanged");
        co_await test.remote.set_volume(1);
        const auto with_value = co_await changes.next();
        EXPECT_EQ(std::get<vardict>(*with_value).at("Volume").get<double>(), 1);
        test.service.add("one");
        const auto invalidated = co_await changes.next();
        EXPECT_TRUE(std::get<vardict>(*invalidated).empty());
        EXPECT_EQ(std::get<2>(*invalidated).at(0), "Tracks");
    });
}

// Signals --------------------------------------------------------------------------

TEST_F(dbus_generated, signals_come_with_their_arguments) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        auto seeked = test.remote.seeked();
        co_await test.remote.seek(1);
        co_await test.remote.seek(1);
        EXPECT_EQ(co_await seeked.next(), 1);
        EXPECT_EQ(co_await seeked.next(), 2);
    });
}

// Errors ---------------------------------------------------------------------------

TEST_F(dbus_generated, errors_have_names_on_both_sides) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        try {
            co_await test.remote.fail("org.example.Error.Worn", "the tape");
            ADD_FAILURE() << "nothing was thrown";
        } catch (const error& failure) {
            EXPECT_EQ(failure.name(), "org.example.Error.Worn");
            EXPECT_STREQ(failure.message(), "the tape");
        }
        const auto failed = co_await as_result(test.remote.fail("", "something"));
        EXPECT_EQ(error(failed.error()).name(), "org.freedesktop.DBus.Error.Failed");
    });
}

// Ends -----------------------------------------------------------------------------

TEST_F(dbus_generated, a_service_that_vanishes_in_mid_call_fails_the_call) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto held = spawn(test.remote.hold("x"));
        co_await test.until_held(1);
        g_dbus_connection_close_sync(test.serving, nullptr, nullptr);
        const auto ended = co_await as_result(held);
        EXPECT_EQ(error(ended.error()).name(), "org.freedesktop.DBus.Error.NoReply");
    });
    EXPECT_EQ(service.cancelled, 1);
}

TEST_F(dbus_generated, a_caller_that_vanishes_cancels_its_calls) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto held = spawn(test.remote.hold("x"));
        co_await test.until_held(1);
        g_dbus_connection_close_sync(test.calling, nullptr, nullptr);
        EXPECT_TRUE((co_await as_result(held)).has_error());
        while (test.service.cancelled == 0)
            co_await sleep_for(1ms);
    });
}

// Description ----------------------------------------------------------------------

TEST_F(dbus_generated, others_are_given_the_description) {
    exporting([](dbus_generated& test, exported&) -> task<> {
        const auto xml = co_await test.remote.call<std::string>(
            "org.freedesktop.DBus.Introspectable", "Introspect");
        for (const char* part :
             {"<arg type=\"d\" name=\"by\" direction=\"in\"", "org.freedesktop.DBus.Deprecated",
              "org.freedesktop.DBus.Method.NoReply", "value=\"invalidates\"",
              "<property type=\"u\" name=\"Pin\" access=\"write\""})
            EXPECT_NE(xml.find(part), std::string::npos) << part << " in " << xml;
    });
}

} // namespace
} // namespace gawait::dbus::test
