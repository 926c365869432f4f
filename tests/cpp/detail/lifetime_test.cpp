#include "gawait/detail/lifetime.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace gawait::detail {
namespace {

TEST(lifetime, tells_those_who_watch_of_its_end) {
    std::optional<lifetime> life(std::in_place);
    const lifetime_watch one(*life);
    const lifetime_watch other(*life);
    EXPECT_TRUE(one.alive());
    EXPECT_TRUE(other.alive());
    life.reset();
    EXPECT_FALSE(one.alive());
    EXPECT_FALSE(other.alive());
}

TEST(lifetime, nobody_watches_by_default) { EXPECT_FALSE(lifetime_watch().alive()); }

TEST(lifetime, is_left_in_any_order) {
    std::optional<lifetime> life(std::in_place);
    std::optional<lifetime_watch> first(*life);
    std::optional<lifetime_watch> second(*life);
    lifetime_watch third(*life);
    second.reset();
    EXPECT_TRUE(first->alive());
    EXPECT_TRUE(third.alive());
    third.forget();
    third.forget();
    EXPECT_FALSE(third.alive());
    life.reset();
    EXPECT_FALSE(first->alive());
}

TEST(lifetime, of_a_watch_that_moves_is_the_same) {
    std::optional<lifetime> life(std::in_place);
    lifetime_watch one(*life);
    lifetime_watch other(*life);
    lifetime_watch moved = std::move(one);
    EXPECT_FALSE(one.alive()); // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(moved.alive());
    lifetime another;
    other = lifetime_watch(another);
    life.reset();
    EXPECT_FALSE(moved.alive());
    EXPECT_TRUE(other.alive());
    other = std::move(moved);
    EXPECT_FALSE(other.alive());
}

} // namespace
} // namespace gawait::detail
