// Arguments that go in and come out, as gawait-gen writes the functions of a library in C that has
// them of each kind.

#include "gawait/exchange/exchange.hpp"

#include "gawait/error.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/task.hpp"
#include "gawait/with_cancellable.hpp"

#include "support/is_cancelled.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gawait::test {
namespace {

// Those of the start function, and the same of the finish function.

struct at_start {
    static auto values(auto&&... given) {
        return exchange::values(std::forward<decltype(given)>(given)...);
    }
    static auto owned(auto&&... given) {
        return exchange::owned(std::forward<decltype(given)>(given)...);
    }
    static auto lent(auto&&... given) {
        return exchange::lent(std::forward<decltype(given)>(given)...);
    }
    static auto containers(auto&&... given) {
        return exchange::containers(std::forward<decltype(given)>(given)...);
    }
};

struct at_end {
    static auto values(auto&&... given) {
        return exchange::values_at_end(std::forward<decltype(given)>(given)...);
    }
    static auto owned(auto&&... given) {
        return exchange::owned_at_end(std::forward<decltype(given)>(given)...);
    }
    static auto lent(auto&&... given) {
        return exchange::lent_at_end(std::forward<decltype(given)>(given)...);
    }
    static auto containers(auto&&... given) {
        return exchange::containers_at_end(std::forward<decltype(given)>(given)...);
    }
};

template <class Operation> task<typename Operation::value_type> value_of(Operation operation) {
    co_return co_await operation;
}

template <class Operation> auto awaited(Operation operation) {
    return run(value_of(std::move(operation)));
}

template <class Operation> task<std::string> message_of_failure(Operation operation) {
    const auto ended = co_await as_result(std::move(operation));
    co_return ended ? "none" : ended.error().message();
}

template <class Operation> std::string failure_of(Operation operation) {
    return run(message_of_failure(std::move(operation)));
}

template <class Operation> bool is_cancelled_in_the_middle(Operation operation) {
    return run(is_cancelled(std::move(operation)));
}

guint references(GFile* file) { return G_OBJECT(file)->ref_count; }

std::string path(GFile* file) { return unique_string(g_file_get_path(file)).get(); }

/// One of everything that a caller may have, and whether it is still the caller's alone.
struct belongings {
    std::string text = "text";
    ref<GFile> file = adopt(g_file_new_for_path("/own"));
    ref<GVariant> variant = adopt(g_variant_ref_sink(g_variant_new_int32(41)));
    ref<ExchangeToken> token = adopt(exchange_token_new(7));
    ref<GHashTable> table = adopt(g_hash_table_new(g_str_hash, g_str_equal));
    std::vector<std::string> words{"one", "two"};
    std::vector<ref<GFile>> files{file, file};
    std::vector<std::string> names{"a", "b"};
    ref<GPtrArray> objects = adopt(g_ptr_array_new());
    std::array<int, 2> numbers{5, 6};

    template <class Where> auto exchanged_as_owned(ExchangeEnding ending) {
        return Where::owned(ending, text, file, variant, token, table, words, files, names, objects,
                            numbers);
    }

    template <class Where> auto exchanged_as_lent(ExchangeEnding ending) {
        return Where::lent(ending, text, file, variant, token, words, files, numbers);
    }

    template <class Where> auto exchanged_as_containers(ExchangeEnding ending) {
        return Where::containers(ending, words, files, files, table, objects);
    }

    void expect_untouched() const {
        EXPECT_EQ(text, "text");
        EXPECT_EQ(references(file), 3U);
        EXPECT_EQ(g_variant_get_int32(variant), 41);
        EXPECT_EQ(exchange_token_count(), 1);
        EXPECT_EQ(exchange_token_get_value(token), 7);
        EXPECT_EQ(g_hash_table_size(table), 0U);
        EXPECT_EQ(words, (std::vector<std::string>{"one", "two"}));
        EXPECT_EQ(objects->len, 0U);
        EXPECT_EQ(numbers, (std::array{5, 6}));
    }
};

template <class Where> class inout : public ::testing::Test {
protected:
    belongings own;
};

using places = ::testing::Types<at_start, at_end>;
TYPED_TEST_SUITE(inout, places);

TYPED_TEST(inout, values_go_in_by_value_and_come_back_changed) {
    const auto changed =
        awaited(TypeParam::values(EXCHANGE_SUCCEED, 41, true, G_FILE_TYPE_REGULAR,
                                  G_FILE_COPY_OVERWRITE, ExchangePoint{.x = 1, .y = 2}));
    EXPECT_EQ(changed.number, 42);
    EXPECT_FALSE(changed.flag);
    EXPECT_EQ(changed.kind, G_FILE_TYPE_DIRECTORY);
    EXPECT_EQ(changed.flags, G_FILE_COPY_OVERWRITE | G_FILE_COPY_BACKUP);
    EXPECT_EQ(changed.point.x, 2);
    EXPECT_EQ(changed.point.y, 1);
}

TYPED_TEST(inout, what_c_takes_over_is_a_copy_and_what_it_gives_is_the_callers) {
    {
        const auto given =
            awaited(this->own.template exchanged_as_owned<TypeParam>(EXCHANGE_SUCCEED));
        EXPECT_STREQ(given.text.get(), "text!");
        EXPECT_EQ(path(given.file), "/own/child");
        EXPECT_EQ(g_variant_get_int32(given.variant), 42);
        EXPECT_EQ(exchange_token_get_value(given.token), 8);
        EXPECT_TRUE(g_hash_table_contains(given.table, "0"));
        EXPECT_STREQ(given.words.get()[0], "oiven");
        EXPECT_EQ(given.files.size(), 3U);
        EXPECT_EQ(path(*given.files.begin()), "/first");
        EXPECT_STREQ(given.names.at(0).get(), "name");
        EXPECT_EQ(given.objects.size(), 1U);
        EXPECT_EQ(std::vector<int>(given.numbers.begin(), given.numbers.end()),
                  (std::vector{5, 6, 2}));
    }
    this->own.expect_untouched();
}

TYPED_TEST(inout, what_may_be_null_is_null_both_ways) {
    belongings& own = this->own;
    const auto given = awaited(TypeParam::owned(EXCHANGE_SUCCEED, own.text, nullptr, own.variant,
                                                own.token, own.table, own.words, own.files,
                                                own.names, own.objects, std::vector<int>()));
    EXPECT_EQ(given.file, nullptr);
    EXPECT_EQ(given.numbers.size(), 1U);
}

TYPED_TEST(inout, what_must_not_be_null_is_refused_and_c_is_not_called) {
    belongings& own = this->own;
    const char* none = nullptr;
    EXPECT_NE(failure_of(TypeParam::owned(EXCHANGE_SUCCEED, none, nullptr, own.variant, own.token,
                                          own.table, own.words, own.files, own.names, own.objects,
                                          own.numbers))
                  .find("exchange_owned"),
              std::string::npos);
    own.expect_untouched();
}

TYPED_TEST(inout, what_c_borrows_stays_the_callers_and_what_it_lends_is_copied) {
    const auto lent = awaited(this->own.template exchanged_as_lent<TypeParam>(EXCHANGE_SUCCEED));
    EXPECT_STREQ(lent.text.get(), "lent");
    EXPECT_EQ(path(lent.file), "/lent");
    EXPECT_STREQ(g_variant_get_string(lent.variant, nullptr), "lent");
    EXPECT_EQ(exchange_token_get_value(lent.token), 5);
    EXPECT_STREQ(lent.words.get()[1], "by");
    EXPECT_EQ(lent.files.size(), 1U);
    EXPECT_EQ(std::vector<int>(lent.numbers.begin(), lent.numbers.end()), (std::vector{1, 2, 3}));
    EXPECT_EQ(exchange_token_count(), 2);
}

TYPED_TEST(inout, containers_change_owners_and_what_is_in_them_is_lent) {
    {
        const auto given =
            awaited(this->own.template exchanged_as_containers<TypeParam>(EXCHANGE_SUCCEED));
        EXPECT_STREQ(given.words.get()[1], "two");
        EXPECT_STREQ(given.words.get()[2], "lent");
        EXPECT_EQ(given.files.size(), 3U);
        EXPECT_EQ(given.more_files.size(), 3U);
        EXPECT_TRUE(g_hash_table_contains(given.table, "lent"));
        EXPECT_EQ(path(given.objects[0]), "/own");
    }
    this->own.expect_untouched();
}

TYPED_TEST(inout, nothing_is_left_of_an_operation_that_fails) {
    belongings& own = this->own;
    for (const auto ending : {EXCHANGE_FAIL, EXCHANGE_FAIL_AND_LEAVE}) {
        EXPECT_EQ(failure_of(own.exchanged_as_owned<TypeParam>(ending)), "It was asked to fail");
        EXPECT_EQ(failure_of(own.exchanged_as_lent<TypeParam>(ending)), "It was asked to fail");
        EXPECT_EQ(failure_of(own.exchanged_as_containers<TypeParam>(ending)),
                  "It was asked to fail");
        own.expect_untouched();
    }
}

TYPED_TEST(inout, nothing_is_left_of_an_operation_that_is_cancelled) {
    belongings& own = this->own;
    EXPECT_TRUE(is_cancelled_in_the_middle(own.exchanged_as_owned<TypeParam>(EXCHANGE_WAIT)));
    EXPECT_TRUE(is_cancelled_in_the_middle(own.exchanged_as_lent<TypeParam>(EXCHANGE_WAIT)));
    EXPECT_TRUE(is_cancelled_in_the_middle(own.exchanged_as_containers<TypeParam>(EXCHANGE_WAIT)));
    own.expect_untouched();
}

TYPED_TEST(inout, nothing_goes_in_if_the_task_is_cancelled_before) {
    belongings& own = this->own;
    const auto cancelled_before = adopt(g_cancellable_new());
    g_cancellable_cancel(cancelled_before);
    auto operation = own.exchanged_as_owned<TypeParam>(EXCHANGE_SUCCEED);
    EXPECT_THROW(run(with_cancellable(cancelled_before, value_of(std::move(operation)))),
                 gawait::cancelled);
    own.expect_untouched();
}

TYPED_TEST(inout, the_same_goes_in_again_when_it_is_awaited_again) {
    run([]() -> task<> {
        auto operation = TypeParam::values(EXCHANGE_SUCCEED, 1, false, G_FILE_TYPE_UNKNOWN,
                                           G_FILE_COPY_NONE, ExchangePoint{.x = 1, .y = 2});
        const auto first = co_await operation;
        const auto second = co_await operation;
        EXPECT_EQ(first.number, 2);
        EXPECT_EQ(second.number, 2);
    }());
}

TEST(inout_length, of_a_buffer_is_its_size_and_comes_back_as_a_result) {
    std::array<guint8, 8> buffer{};
    EXPECT_EQ(awaited(exchange::fill(buffer)), 4U);
    EXPECT_EQ(buffer, (std::array<guint8, 8>{0, 1, 2, 3}));
}

TEST(inout_length, of_an_array_that_comes_out_goes_in_as_a_number) {
    EXPECT_EQ(awaited(exchange::bytes(3)).size(), 3U);
    EXPECT_EQ(awaited(exchange::bytes(100)).size(), 4U);
}

TEST(taken_over, structures_lists_and_arrays_are_copied) {
    const belongings own;
    EXPECT_TRUE(awaited(exchange::take(own.token, own.files, own.names, own.numbers, own.table)));
    own.expect_untouched();
}

} // namespace
} // namespace gawait::test
