#include "gawait/latch.hpp"

#include "gawait/spawn.hpp"
#include "gawait/testing/googletest.hpp"
#include "support/turns.hpp"

namespace gawait {
namespace {

GAWAIT_TEST(latch, lets_all_go_on_when_it_has_counted_down) {
    latch done(2);
    const auto wait = [&]() -> task<> { co_await done.wait(); };
    const auto first = spawn(wait);
    const auto second = spawn(wait);
    co_await test::let_others_run();
    done.count_down();
    co_await test::let_others_run();
    EXPECT_FALSE(first.done() || second.done() || done.is_zero());
    done.count_down();
    EXPECT_TRUE(done.is_zero());
    co_await first;
    co_await second;
    co_await done.wait();
}

GAWAIT_TEST(latch, of_nothing_is_not_waited_for_and_none_counts_below_zero) {
    latch none(0);
    latch two(2);
    two.count_down(5);
    two.count_down();
    co_await none.wait();
    co_await two.wait();
}

} // namespace
} // namespace gawait
