// The library of examples/crossing, called as C calls it, and as C++ does.

#include "crossing-word-counter.h"

#include "gawait/gawait.hpp"
#include "support/engine_work.hpp"
#include "support/failure_slot.hpp"
#include "support/loop.hpp"
#include "support/produced.hpp"
#include "support/temporary_directory.hpp"
#include "support/unobserved_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

template <>
struct gawait::ref_traits<CrossingWordCounter> : gawait::gobject_traits<CrossingWordCounter> {};

using namespace gawait;
using gawait::test::always_ready;
using gawait::test::callback_log;
using gawait::test::expect_critical;
using gawait::test::failure_slot;
using gawait::test::own_context;
using gawait::test::temporary_directory;
using gawait::test::unobserved_log;

namespace {

using totals = std::tuple<guint64, guint>;

ref<CrossingWordCounter> new_counter() {
    return ref<CrossingWordCounter>::adopt(crossing_word_counter_new());
}

ref<GCancellable> new_cancellable() { return ref<GCancellable>::adopt(g_cancellable_new()); }

task<totals> count(ref<CrossingWordCounter> counter, ref<GFile> tree) {
    co_return co_await async(crossing_word_counter_count_async, crossing_word_counter_count_finish,
                             counter, tree, G_PRIORITY_DEFAULT);
}

task<std::vector<std::string>> most_frequent(ref<CrossingWordCounter> counter, ref<GFile> tree,
                                             guint how_many) {
    const auto words = co_await async(crossing_word_counter_most_frequent_async,
                                      crossing_word_counter_most_frequent_finish, counter, tree,
                                      how_many, G_PRIORITY_DEFAULT);
    co_return std::vector<std::string>(words.get(), words.get() + g_strv_length(words.get()));
}

/// Calls something each time that a file was counted, while the counter lives.
void on_file_counted(CrossingWordCounter* counter, std::function<void()> what) {
    using function = std::function<void()>;
    const auto call =
        +[](CrossingWordCounter*, GFile*, gpointer called) { (*static_cast<function*>(called))(); };
    const auto drop = +[](gpointer dropped, GClosure*) {
        const std::unique_ptr<function> owner(static_cast<function*>(dropped));
    };
    g_signal_connect_data(counter, "file-counted", G_CALLBACK(call),
                          std::make_unique<function>(std::move(what)).release(), drop,
                          GConnectFlags(0));
}

std::string repeat(std::string_view text, int times) {
    std::string all;
    for (; times > 0; --times)
        all += text;
    return all;
}

/// Each test has a context of its own, which is the thread-default one, and a directory.
class word_counter : public testing::Test {
protected:
    /// A file below the directory, in directories that are made for it.
    void plant(const std::string& path, std::string_view text) const {
        std::filesystem::create_directories((directory.path() / path).parent_path());
        directory.file(path, text);
    }

    void plant_many(int files) const {
        for (int number = 0; number < files; ++number)
            plant(std::to_string(number % 5) + "/" + std::to_string(number), "two words");
    }

    void plant_special_file(const char* name) const {
        ASSERT_EQ(mkfifo((directory.path() / name).c_str(), 0600), 0);
    }

    ref<GFile> tree() const { return directory.file(""); }

    void call_count(callback_log& log, GFile* counted, GCancellable* cancellable = nullptr,
                    int priority = G_PRIORITY_DEFAULT) const {
        const auto call = log.call();
        crossing_word_counter_count_async(counter, counted, priority, cancellable, call.callback,
                                          call.user_data);
    }

    void iterate_until_called_back(const callback_log& log) const {
        EXPECT_TRUE(context.iterate_until([&] { return log.calls() > 0; }));
        context.iterate_while_ready();
        EXPECT_EQ(log.calls(), 1);
    }

    void count_to_the_end(callback_log& log, GFile* counted,
                          GCancellable* cancellable = nullptr) const {
        call_count(log, counted, cancellable);
        iterate_until_called_back(log);
    }

    void expect_failure(const callback_log& log, GQuark domain, int code) const {
        failure_slot failure;
        EXPECT_FALSE(
            crossing_word_counter_count_finish(counter, log.result(), nullptr, nullptr, failure));
        EXPECT_TRUE(failure.matches(domain, code))
            << (failure.set() ? failure->message : "no failure");
    }

    error failure_of_count(GFile* counted) const {
        auto ended = run(as_result(count(counter, ref<GFile>::retain(counted))));
        return ended.has_error() ? ended.error() : error(G_IO_ERROR_FAILED, "there is none");
    }

    /// How many descriptors of this process are files below the directory.
    int open_files() const {
        int open = 0;
        for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            const auto path = std::filesystem::read_symlink(each.path(), gone).string();
            open += path.starts_with(directory.path().string() + "/");
        }
        return open;
    }

    own_context context;
    temporary_directory directory;
    ref<CrossingWordCounter> counter = new_counter();
};

} // namespace

// Values ---------------------------------------------------------------------------

TEST_F(word_counter, gives_the_words_and_the_files_of_a_tree) {
    plant("one", "one");
    plant("a/two", "one two\n");
    plant("a/b/three", "\tone, two  three!");
    callback_log log;
    count_to_the_end(log, tree());
    guint64 n_words = 0;
    guint n_files = 0;
    EXPECT_TRUE(
        crossing_word_counter_count_finish(counter, log.result(), &n_words, &n_files, nullptr));
    EXPECT_EQ(n_words, 6);
    EXPECT_EQ(n_files, 3);
}

TEST_F(word_counter, gives_a_caller_only_the_values_that_it_wants) {
    plant("one", "one");
    callback_log log;
    count_to_the_end(log, tree());
    EXPECT_TRUE(
        crossing_word_counter_count_finish(counter, log.result(), nullptr, nullptr, nullptr));
}

TEST_F(word_counter, is_awaited_like_any_other_pair) {
    plant_many(20);
    EXPECT_EQ(run(count(counter, tree())), totals(40, 20));
}

TEST_F(word_counter, counts_a_single_file) {
    plant("file", "one two three");
    EXPECT_EQ(run(count(counter, directory.file("file"))), totals(3, 1));
}

TEST_F(word_counter, finds_nothing_in_an_empty_tree) {
    EXPECT_EQ(run(count(counter, tree())), totals(0, 0));
    EXPECT_TRUE(run(most_frequent(counter, tree(), 3)).empty());
}

TEST_F(word_counter, counts_an_empty_file) {
    plant("empty", "");
    EXPECT_EQ(run(count(counter, tree())), totals(0, 1));
}

TEST_F(word_counter, takes_runs_of_letters_digits_and_marks_for_words) {
    plant("text", "(größe)—Ναι; 42 naïve, e\u0301te\u0301 * -");
    EXPECT_EQ(run(count(counter, tree())), totals(5, 1));
}

TEST_F(word_counter, finds_words_that_are_read_in_pieces) {
    // Of three bytes, with a space four, so that pieces end within characters too.
    plant("many words", repeat("aé ", 100'000));
    EXPECT_EQ(run(count(counter, tree())), totals(100'000, 1));
    const std::string word = "a" + repeat("é", 200'000);
    plant("one word", word);
    EXPECT_EQ(run(most_frequent(counter, directory.file("one word"), 2)),
              std::vector<std::string>{word});
}

TEST_F(word_counter, gives_the_most_frequent_words_first) {
    plant("one", "Cherry apple banana APPLE");
    plant("two", "banana, Apple; ÄPFEL äpfel");
    using words = std::vector<std::string>;
    EXPECT_EQ(run(most_frequent(counter, tree(), 2)), words({"apple", "banana"}));
    EXPECT_EQ(run(most_frequent(counter, tree(), 9)),
              words({"apple", "banana", "äpfel", "cherry"}));
    EXPECT_EQ(run(most_frequent(counter, tree(), 0)), words());
}

TEST_F(word_counter, passes_over_special_files_and_symbolic_links) {
    plant("a/file", "one two");
    plant_special_file("a/nobody_writes_here");
    std::filesystem::create_symlink("..", directory.path() / "a/up");
    std::filesystem::create_symlink("file", directory.path() / "a/again");
    std::filesystem::create_symlink("missing", directory.path() / "a/nothing");
    EXPECT_EQ(run(count(counter, tree())), totals(2, 1));
}

TEST_F(word_counter, reads_no_more_files_at_once_than_it_may) {
    plant_many(50);
    g_object_set(counter, "files-at-once", 1, nullptr);
    int counted = 0;
    on_file_counted(counter, [&] {
        ++counted;
        // Its own is closed, and the next not open yet; a directory may be, which is listed.
        EXPECT_LE(open_files(), 1);
    });
    EXPECT_EQ(run(count(counter, tree())), totals(100, 50));
    EXPECT_EQ(counted, 50);
}

TEST_F(word_counter, tells_its_properties) {
    guint files_at_once = 0;
    guint timeout = 0;
    g_object_get(counter, "files-at-once", &files_at_once, "timeout", &timeout, nullptr);
    EXPECT_EQ(files_at_once, 4);
    EXPECT_EQ(timeout, 30'000);
    g_object_set(counter, "timeout", 5, nullptr);
    g_object_get(counter, "files-at-once", &files_at_once, "timeout", &timeout, nullptr);
    EXPECT_EQ(files_at_once, 4);
    EXPECT_EQ(timeout, 5);
}

// Errors ---------------------------------------------------------------------------

TEST_F(word_counter, fails_with_the_error_of_gio_when_the_tree_is_missing) {
    const auto failure = failure_of_count(directory.file("missing"));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_NOT_FOUND)) << failure.message();
}

TEST_F(word_counter, sets_its_values_to_nothing_beside_an_error) {
    callback_log log;
    count_to_the_end(log, directory.file("missing"));
    guint64 n_words = 1;
    guint n_files = 1;
    failure_slot failure;
    EXPECT_FALSE(
        crossing_word_counter_count_finish(counter, log.result(), &n_words, &n_files, failure));
    EXPECT_EQ(n_words, 0);
    EXPECT_EQ(n_files, 0);
    EXPECT_TRUE(failure.matches(G_IO_ERROR_NOT_FOUND));
}

TEST_F(word_counter, gives_no_words_beside_an_error) {
    callback_log log;
    crossing_word_counter_most_frequent_async(counter, directory.file("missing"), 3,
                                              G_PRIORITY_DEFAULT, nullptr, log.call().callback,
                                              log.call().user_data);
    iterate_until_called_back(log);
    failure_slot failure;
    EXPECT_FALSE(crossing_word_counter_most_frequent_finish(counter, log.result(), failure));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_NOT_FOUND));
}

TEST_F(word_counter, refuses_what_is_not_text_and_says_which_file) {
    plant_many(20);
    plant("a/picture", "text, until \x89 comes");
    const auto failure = failure_of_count(tree());
    EXPECT_TRUE(failure.matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT)) << failure.message();
    EXPECT_EQ(failure.message(), (directory.path() / "a/picture").string() + ": not text in UTF-8");
    EXPECT_EQ(open_files(), 0);
}

TEST_F(word_counter, refuses_text_that_ends_within_a_character) {
    plant("file", "caf\xc3");
    EXPECT_TRUE(failure_of_count(tree()).matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT));
}

TEST_F(word_counter, refuses_text_with_a_nul) {
    plant("file", std::string_view("one\0two", 7));
    EXPECT_TRUE(failure_of_count(tree()).matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT));
}

TEST_F(word_counter, tells_one_of_many_errors_and_leaves_the_others_alone) {
    for (int number = 0; number < 50; ++number)
        plant(std::to_string(number), "\xff");
    const unobserved_log unobserved;
    g_object_set(counter, "files-at-once", 50, nullptr);
    EXPECT_TRUE(failure_of_count(tree()).matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT));
    EXPECT_TRUE(unobserved.taken().empty());
}

TEST_F(word_counter, refuses_a_special_file_as_a_tree) {
    plant_special_file("fifo");
    EXPECT_TRUE(failure_of_count(directory.file("fifo"))
                    .matches(CROSSING_ERROR, CROSSING_ERROR_SPECIAL_FILE));
}

TEST_F(word_counter, gives_up_a_file_that_takes_too_long) {
    plant("short", "one two");
    plant("endless", repeat("word ", 4'000'000));
    g_object_set(counter, "timeout", 1, nullptr);
    const auto failure = failure_of_count(directory.file("endless"));
    EXPECT_TRUE(failure.matches(G_IO_ERROR_TIMED_OUT)) << failure.message();
    EXPECT_TRUE(std::string(failure.message()).starts_with((directory.path() / "endless").string()))
        << failure.message();
    EXPECT_EQ(open_files(), 0);
}

// Cancellation ---------------------------------------------------------------------

TEST_F(word_counter, does_not_begin_when_it_was_cancelled_before) {
    plant_many(5);
    int counted = 0;
    on_file_counted(counter, [&] { ++counted; });
    const auto cancellable = new_cancellable();
    g_cancellable_cancel(cancellable);
    callback_log log;
    count_to_the_end(log, tree(), cancellable);
    expect_failure(log, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    EXPECT_EQ(counted, 0);
}

TEST_F(word_counter, ends_with_nothing_open_when_it_is_cancelled_in_the_middle) {
    plant_many(100);
    const auto cancellable = new_cancellable();
    int counted = 0;
    on_file_counted(counter, [&] {
        if (++counted == 10)
            g_cancellable_cancel(cancellable);
    });
    callback_log log;
    log.in_callback([&] { EXPECT_EQ(open_files(), 0); });
    count_to_the_end(log, tree(), cancellable);
    expect_failure(log, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    EXPECT_GE(counted, 10);
    EXPECT_LT(counted, 100);
}

TEST_F(word_counter, is_cancelled_between_the_pieces_of_a_large_file) {
    plant("large", repeat("word ", 4'000'000));
    const auto cancellable = new_cancellable();
    callback_log log;
    log.in_callback([&] { EXPECT_EQ(open_files(), 0); });
    call_count(log, tree(), cancellable);
    EXPECT_TRUE(context.iterate_until([&] { return open_files() > 0; }));
    g_cancellable_cancel(cancellable);
    iterate_until_called_back(log);
    expect_failure(log, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

TEST_F(word_counter, is_cancelled_from_another_thread) {
    plant_many(100);
    const auto cancellable = new_cancellable();
    std::thread canceller;
    on_file_counted(counter, [&] {
        if (!canceller.joinable())
            canceller = std::thread([&] { g_cancellable_cancel(cancellable); });
    });
    callback_log log;
    call_count(log, tree(), cancellable);
    iterate_until_called_back(log);
    canceller.join();
    expect_failure(log, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

TEST_F(word_counter, is_cancelled_with_the_coroutine_that_awaits_it) {
    plant_many(100);
    const auto ended = run([](auto counter, auto tree) -> task<result<totals>> {
        const auto counting = spawn(count(counter, tree));
        on_file_counted(counter, [&] { counting.cancel(); });
        co_return co_await as_result(counting);
    }(counter, tree()));
    EXPECT_TRUE(ended.was_cancelled());
    EXPECT_EQ(open_files(), 0);
}

TEST_F(word_counter, goes_on_when_another_count_of_the_same_counter_is_cancelled) {
    plant_many(20);
    const auto cancellable = new_cancellable();
    callback_log cancelled;
    callback_log other;
    call_count(cancelled, tree(), cancellable);
    call_count(other, tree());
    on_file_counted(counter, [&] { g_cancellable_cancel(cancellable); });
    iterate_until_called_back(other);
    EXPECT_TRUE(context.iterate_until([&] { return cancelled.calls() > 0; }));
    expect_failure(cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    guint64 n_words = 0;
    EXPECT_TRUE(
        crossing_word_counter_count_finish(counter, other.result(), &n_words, nullptr, nullptr));
    EXPECT_EQ(n_words, 40);
}

// How it is called -----------------------------------------------------------------

TEST_F(word_counter, calls_back_with_all_that_the_caller_said) {
    callback_log log;
    const auto cancellable = new_cancellable();
    call_count(log, tree(), cancellable, G_PRIORITY_LOW);
    iterate_until_called_back(log);
    EXPECT_EQ(log.source(), G_OBJECT(counter.get()));
    EXPECT_EQ(log.context(), context.get());
    EXPECT_TRUE(
        g_async_result_is_tagged(log.result(), source_tag(crossing_word_counter_count_async)));
    EXPECT_EQ(g_task_get_cancellable(log.task()), cancellable.get());
    EXPECT_EQ(g_task_get_priority(log.task()), G_PRIORITY_LOW);
}

TEST_F(word_counter, leaves_what_has_a_better_priority_its_turn) {
    plant_many(5);
    always_ready busy(context.get(), G_PRIORITY_DEFAULT, [] {});
    callback_log low;
    callback_log normal;
    call_count(low, tree(), nullptr, G_PRIORITY_LOW);
    call_count(normal, tree());
    EXPECT_TRUE(context.iterate_until([&] { return normal.calls() > 0; }));
    EXPECT_EQ(low.calls(), 0);
    busy.stop();
    iterate_until_called_back(low);
}

TEST_F(word_counter, refuses_the_result_of_another_counter) {
    callback_log log;
    count_to_the_end(log, tree());
    const auto other = new_counter();
    failure_slot failure;
    expect_critical(nullptr, "*another source object*", [&] {
        EXPECT_FALSE(
            crossing_word_counter_count_finish(other, log.result(), nullptr, nullptr, failure));
    });
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST_F(word_counter, refuses_the_result_of_its_other_method) {
    callback_log log;
    count_to_the_end(log, tree());
    failure_slot failure;
    expect_critical(nullptr, "*another function*", [&] {
        EXPECT_FALSE(crossing_word_counter_most_frequent_finish(counter, log.result(), failure));
    });
    EXPECT_TRUE(failure.matches(G_IO_ERROR_INVALID_ARGUMENT));
}

TEST_F(word_counter, counts_though_nobody_wants_to_be_called_back) {
    plant_many(20);
    int counted = 0;
    on_file_counted(counter, [&] { ++counted; });
    weak_ref<CrossingWordCounter> watch(counter);
    crossing_word_counter_count_async(counter, tree(), G_PRIORITY_DEFAULT, nullptr, nullptr,
                                      nullptr);
    counter = nullptr;
    EXPECT_TRUE(context.iterate_until([&] { return !watch.lock(); }));
    EXPECT_EQ(counted, 20);
}

TEST_F(word_counter, serves_several_counts_and_counters_at_once) {
    plant_many(30);
    const auto other = new_counter();
    const auto counted = run(when_all(count(counter, tree()), count(other, tree()),
                                      count(counter, tree()), most_frequent(other, tree(), 1)));
    EXPECT_EQ(std::get<0>(counted), totals(60, 30));
    EXPECT_EQ(std::get<1>(counted), totals(60, 30));
    EXPECT_EQ(std::get<2>(counted), totals(60, 30));
    EXPECT_EQ(std::get<3>(counted), std::vector<std::string>{"two"});
}

TEST_F(word_counter, serves_several_threads_at_once) {
    plant_many(30);
    std::vector<totals> counted(4);
    std::vector<std::thread> threads;
    for (totals& each : counted)
        threads.emplace_back([&] { each = run(count(counter, tree())); });
    for (std::thread& each : threads)
        each.join();
    EXPECT_EQ(counted, std::vector<totals>(4, totals(60, 30)));
}

// Lifetimes ------------------------------------------------------------------------

TEST_F(word_counter, lives_until_its_counts_have_ended) {
    plant_many(20);
    weak_ref<CrossingWordCounter> watch(counter);
    callback_log log;
    log.in_callback([&] {
        EXPECT_TRUE(watch.lock());
        guint64 n_words = 0;
        EXPECT_TRUE(crossing_word_counter_count_finish(CROSSING_WORD_COUNTER(log.source()),
                                                       log.result(), &n_words, nullptr, nullptr));
        EXPECT_EQ(n_words, 40);
    });
    call_count(log, tree());
    counter = nullptr;
    iterate_until_called_back(log);
    log.forget();
    EXPECT_FALSE(watch.lock());
}

TEST_F(word_counter, leaves_nothing_behind) {
    plant_many(20);
    plant("bad/picture", "\xff");
    auto good = directory.file("0");
    auto bad = directory.file("bad");
    auto cancellable = new_cancellable();
    weak_ref<GFile> watched_tree(good);
    weak_ref<GFile> watched_bad_tree(bad);
    weak_ref<GCancellable> watched_cancellable(cancellable);
    weak_ref<CrossingWordCounter> watch(counter);
    callback_log failed;
    count_to_the_end(failed, bad, cancellable);
    expect_failure(failed, CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT);
    on_file_counted(counter, [&] { g_cancellable_cancel(cancellable); });
    callback_log log;
    count_to_the_end(log, good, cancellable);
    expect_failure(log, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    failed.forget();
    log.forget();
    good = nullptr;
    bad = nullptr;
    cancellable = nullptr;
    counter = nullptr;
    EXPECT_FALSE(watch.lock());
    // The threads of GIO's operations let go of these after the operations have called back.
    EXPECT_TRUE(context.iterate_until([&] {
        return !watched_tree.lock() && !watched_bad_tree.lock() && !watched_cancellable.lock();
    }));
}
