#include "gawait/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <type_traits>

using namespace gawait;

TEST(error, owns_the_g_error_that_it_is_given) {
    GError* made = g_error_new(G_FILE_ERROR, G_FILE_ERROR_ACCES, "no access to %s", "there");
    const error owner(made);
    EXPECT_EQ(owner.get(), made);
    EXPECT_EQ(owner.domain(), G_FILE_ERROR);
    EXPECT_EQ(owner.code(), G_FILE_ERROR_ACCES);
    EXPECT_STREQ(owner.message(), "no access to there");
    EXPECT_STREQ(owner.what(), "no access to there");
}

TEST(error, is_made_of_a_domain_a_code_and_a_message) {
    const error made(G_FILE_ERROR, G_FILE_ERROR_EXIST, "there is one");
    EXPECT_EQ(made.domain(), G_FILE_ERROR);
    EXPECT_EQ(made.code(), G_FILE_ERROR_EXIST);
    EXPECT_STREQ(made.message(), "there is one");
}

TEST(error, of_a_code_alone_is_a_g_io_error) {
    const error made(G_IO_ERROR_BUSY, "not now");
    EXPECT_EQ(made.domain(), G_IO_ERROR);
    EXPECT_EQ(made.code(), G_IO_ERROR_BUSY);
}

TEST(error, matches_its_domain_and_code_only) {
    const error made(G_IO_ERROR_NOT_FOUND, "gone");
    EXPECT_TRUE(made.matches(G_IO_ERROR_NOT_FOUND));
    EXPECT_TRUE(made.matches(G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
    EXPECT_FALSE(made.matches(G_IO_ERROR_BUSY));
    EXPECT_FALSE(made.matches(G_FILE_ERROR, G_IO_ERROR_NOT_FOUND));
}

TEST(error, of_an_errno_says_what_was_being_done) {
    const error made = error::from_errno(ENOENT, "opening a file");
    EXPECT_TRUE(made.matches(G_IO_ERROR_NOT_FOUND));
    EXPECT_EQ(std::string(made.what()), std::string("opening a file: ") + g_strerror(ENOENT));
}

TEST(error, copied_has_a_g_error_of_its_own) {
    const error original(G_IO_ERROR_BUSY, "not now");
    const error copy = original;
    EXPECT_NE(copy.get(), original.get());
    EXPECT_TRUE(copy.matches(G_IO_ERROR_BUSY));
    EXPECT_STREQ(copy.what(), "not now");
}

TEST(error, moved_takes_the_g_error_along) {
    error original(G_IO_ERROR_BUSY, "not now");
    const GError* held = original.get();
    const error moved = std::move(original);
    EXPECT_EQ(moved.get(), held);
    original = error(G_IO_ERROR_EXISTS, "assigned to anew");
    EXPECT_STREQ(original.what(), "assigned to anew");
}

TEST(error, assigned_to_itself_stays_what_it_is) {
    error object(G_IO_ERROR_BUSY, "not now");
    const error& same = object;
    object = same;
    EXPECT_STREQ(object.what(), "not now");
}

TEST(error, released_gives_its_g_error_to_the_caller) {
    error object(G_IO_ERROR_BUSY, "not now");
    GError* released = object.release();
    EXPECT_TRUE(g_error_matches(released, G_IO_ERROR, G_IO_ERROR_BUSY));
    EXPECT_EQ(object.get(), nullptr);
    object = error(released);
    EXPECT_STREQ(object.what(), "not now");
}

TEST(error, is_caught_as_a_standard_exception) {
    try {
        throw error(G_IO_ERROR_BUSY, "not now");
    } catch (const std::exception& caught) {
        EXPECT_STREQ(caught.what(), "not now");
    }
}

TEST(cancelled, is_a_standard_exception_but_no_error) {
    static_assert(std::is_base_of_v<std::exception, cancelled>);
    static_assert(!std::is_base_of_v<error, cancelled>);
    bool swallowed = false;
    try {
        try {
            throw cancelled();
        } catch (const error&) {
            swallowed = true;
        }
    } catch (const cancelled& caught) {
        EXPECT_STREQ(caught.what(), "the task was cancelled");
    }
    EXPECT_FALSE(swallowed);
}
