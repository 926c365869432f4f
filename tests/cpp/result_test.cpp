#include "gawait/result.hpp"

#include "gawait/async.hpp"
#include "gawait/ref.hpp"
#include "gawait/run.hpp"
#include "gawait/with_cancellable.hpp"
#include "gawait/yield.hpp"
#include "support/later.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

using namespace gawait;
using gawait::test::give;

namespace {

task<int> fail_with(GIOErrorEnum code) {
    co_await yield();
    throw error(code, "on purpose");
}

task<int> cancel_itself() {
    g_cancellable_cancel(co_await current_cancellable());
    co_await yield();
    co_return 1;
}

} // namespace

TEST(result, holds_a_value) {
    result<std::string> value(std::string("text"));
    EXPECT_TRUE(value);
    EXPECT_TRUE(value.has_value());
    EXPECT_FALSE(value.has_error());
    EXPECT_FALSE(value.was_cancelled());
    EXPECT_EQ(*value, "text");
    EXPECT_EQ(value->size(), 4U);
    value.value() += "!";
    EXPECT_EQ(std::move(value).value(), "text!");
}

TEST(result, can_be_read_when_it_is_const) {
    const result<std::string> outcome(std::string("value"));
    EXPECT_EQ(*outcome, "value");
    EXPECT_EQ(outcome->size(), 5U);
    EXPECT_EQ(outcome.value(), "value");
    const result<std::string> failure(error(G_IO_ERROR_FAILED, "no value"));
    EXPECT_THROW(failure.value(), error);
}

TEST(result, holds_nothing) {
    result<> done;
    EXPECT_TRUE(done);
    EXPECT_NO_THROW(done.value());
}

TEST(result, holds_a_reference) {
    int object = 1;
    result<int&> value(object);
    EXPECT_EQ(&value.value(), &object);
    EXPECT_EQ(&*value, &object);
    EXPECT_EQ(&std::move(value).value(), &object);
}

TEST(result, of_a_task_is_given_once) {
    run([]() -> task<> {
        auto once = as_result([]() -> task<int> { co_return 1; }());
        EXPECT_EQ((co_await once).value(), 1);
        const auto again = co_await once;
        EXPECT_STREQ(again.error().message(), "gawait::as_result: awaited a second time");
    }());
}

TEST(result, holds_the_error_of_what_does_not_begin) {
    run([]() -> task<> {
        const auto refuse = [](GCancellable*, GAsyncReadyCallback, gpointer) {
            throw error(G_IO_ERROR_BUSY, "not now");
        };
        const auto finish = +[](GAsyncResult*) { return 1; };
        const auto refused = co_await as_result(async(refuse, finish));
        EXPECT_STREQ(refused.error().message(), "not now");
    }());
}

TEST(result, holds_an_error_which_value_throws) {
    result<int> failed = error(G_IO_ERROR_NOT_FOUND, "no such thing");
    EXPECT_FALSE(failed);
    EXPECT_TRUE(failed.has_error());
    EXPECT_FALSE(failed.was_cancelled());
    EXPECT_STREQ(failed.error().message(), "no such thing");
    EXPECT_THROW(failed.value(), error);
    EXPECT_THROW(std::move(failed).value(), error);
}

TEST(result, holds_a_cancellation_which_value_throws) {
    result<int> stopped = cancelled();
    EXPECT_FALSE(stopped);
    EXPECT_FALSE(stopped.has_error());
    EXPECT_TRUE(stopped.was_cancelled());
    EXPECT_THROW(stopped.value(), cancelled);
}

TEST(result, of_a_cancellation_has_an_error_that_says_so) {
    const result<int> stopped = cancelled();
    EXPECT_TRUE(stopped.error().matches(G_IO_ERROR_CANCELLED));
    EXPECT_STREQ(stopped.error().message(), "it was cancelled");
}

TEST(result, of_a_value_has_an_error_that_says_that_there_is_none) {
    const result<int> number = 1;
    EXPECT_TRUE(number.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    EXPECT_STREQ(number.error().message(), "gawait::result: there is no error");
    const result<> done;
    EXPECT_TRUE(done.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST(result, can_hold_what_can_only_be_moved) {
    result<std::unique_ptr<int>> value = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(value).value();
    EXPECT_EQ(*taken, 5);
}

TEST(as_result, gives_the_value_of_an_await) {
    run([]() -> task<> {
        auto number = co_await as_result(give(5));
        EXPECT_EQ(number.value(), 5);
        auto pointer = co_await as_result(give(std::make_unique<int>(6)));
        EXPECT_EQ(**pointer, 6);
        auto nothing = co_await as_result(yield());
        EXPECT_TRUE(nothing);
    }());
}

TEST(as_result, gives_a_reference_to_the_object_itself) {
    int object = 1;
    run([&]() -> task<> {
        auto given = co_await as_result(give<int&>(object));
        EXPECT_EQ(&given.value(), &object);
    }());
}

TEST(as_result, gives_an_error_instead_of_throwing_it) {
    run([]() -> task<> {
        auto failed = co_await as_result(fail_with(G_IO_ERROR_BUSY));
        EXPECT_TRUE(failed.has_error());
        EXPECT_TRUE(failed.error().matches(G_IO_ERROR_BUSY));
    }());
}

TEST(as_result, gives_a_cancellation_instead_of_throwing_it) {
    run([]() -> task<> {
        auto stopped = co_await as_result(cancel_itself());
        EXPECT_TRUE(stopped.was_cancelled());
    }());
}

TEST(as_result, throws_other_exceptions_still) {
    const auto body = []() -> task<int> {
        co_await yield();
        throw std::logic_error("not an error of GLib");
    };
    const auto awaits = [&]() -> task<> { (void)co_await as_result(body()); };
    EXPECT_THROW(run(awaits()), std::logic_error);
}

TEST(as_result, of_a_task_that_was_moved_from_is_invalid_argument) {
    run([]() -> task<> {
        auto none = co_await as_result(task<int>());
        EXPECT_TRUE(none.has_error());
        EXPECT_TRUE(none.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
    }());
}

TEST(as_result, of_an_operation_gives_its_error) {
    const auto missing = ref<GFile>::adopt(g_file_new_for_path("/nowhere/to/be/found"));
    run([&]() -> task<> {
        auto stream = co_await as_result(async(g_file_read_async, g_file_read_finish, missing));
        EXPECT_TRUE(stream.has_error());
        EXPECT_TRUE(stream.error().matches(G_IO_ERROR_NOT_FOUND));
    }());
}
