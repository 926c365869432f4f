#include "gawait/detail/failure.hpp"

#include "gawait/error.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/yield.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::detail::failure;

namespace {

int rethrown = 0;

/// Gives what a handler of something that is thrown keeps.
template <class Thrown> failure kept(const Thrown& thrown) {
    try {
        throw thrown;
    } catch (...) {
        return failure::current();
    }
}

/// What somebody else made of it.
class cancelled_for_a_reason : public cancelled {
public:
    explicit cancelled_for_a_reason(int why) : reason(why) {}
    int reason;
};

} // namespace

#define GAWAIT_RETHROW_EXCEPTION "_ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE"

// Stands before std::rethrow_exception() of the C++ library, also for libgawait. By its symbol:
// headers differ in how they declare it.
[[noreturn]] void count_and_rethrow(std::exception_ptr exception) __asm__(GAWAIT_RETHROW_EXCEPTION);

void count_and_rethrow(std::exception_ptr exception) {
    ++rethrown;
    using original = void (*)(std::exception_ptr);
    const auto next = reinterpret_cast<original>(dlsym(RTLD_NEXT, GAWAIT_RETHROW_EXCEPTION));
    next(std::move(exception));
    std::abort();
}

TEST(failure, is_none_to_begin_with) {
    const failure none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.was_cancelled());
    EXPECT_EQ(none.exception(), nullptr);
}

TEST(failure, of_an_exception_throws_that) {
    const failure out_of_range = kept(std::out_of_range("too far"));
    EXPECT_TRUE(out_of_range);
    EXPECT_FALSE(out_of_range.was_cancelled());
    EXPECT_THROW(out_of_range.rethrow(), std::out_of_range);
    EXPECT_NE(out_of_range.exception(), nullptr);
}

TEST(failure, of_a_cancellation_is_found_out_without_a_throw) {
    rethrown = 0;
    const failure by_cancellation = kept(cancelled());
    EXPECT_TRUE(by_cancellation);
    EXPECT_TRUE(by_cancellation.was_cancelled());
    EXPECT_EQ(rethrown, 0);
    EXPECT_THROW(by_cancellation.rethrow(), cancelled);
    EXPECT_THROW(std::rethrow_exception(by_cancellation.exception()), cancelled);
}

TEST(failure, of_a_class_that_is_derived_from_cancelled_keeps_what_it_says) {
    const failure by_cancellation = kept(cancelled_for_a_reason(7));
    EXPECT_TRUE(by_cancellation.was_cancelled());
    try {
        by_cancellation.rethrow();
    } catch (const cancelled_for_a_reason& why) {
        EXPECT_EQ(why.reason, 7);
        return;
    }
    ADD_FAILURE() << "nothing was thrown";
}

TEST(failure, of_a_thousand_cancelled_tasks_rethrows_nothing) {
    const auto sleep_for_ever = []() -> task<> { co_await sleep_for(1h); };
    run([&]() -> task<> {
        rethrown = 0;
        co_await with_scope([&](scope& children) -> task<> {
            for (int i = 0; i < 1000; ++i)
                children.spawn(sleep_for_ever());
            co_await yield();
            children.cancel();
        });
        std::vector<join_handle<void>> handles;
        for (int i = 0; i < 1000; ++i)
            handles.push_back(spawn(sleep_for_ever()));
        co_await yield();
        for (const auto& each : handles)
            each.cancel();
        handles.clear();
        co_await sleep_for(1ms);
        EXPECT_EQ(rethrown, 0);
    }());
}
