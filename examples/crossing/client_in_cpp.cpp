// The word counter in C++: awaited, like every other pair of functions.

#include "crossing-clients.h"
#include "crossing-word-counter.h"

#include "gawait/gawait.hpp"

#include <string>
#include <tuple>

// The header hides the structure, as that of every final type.
template <>
struct gawait::ref_traits<CrossingWordCounter> : gawait::gobject_traits<CrossingWordCounter> {};

using namespace gawait;

namespace {

using visit = std::tuple<guint64, guint, std::string>;

void require(bool condition, const char* what) {
    if (!condition)
        throw error(G_IO_ERROR_FAILED, what);
}

/// A count that is cancelled when the first of its files was counted.
task<> count_one_file(ref<GFile> tree) {
    const auto counter = ref<CrossingWordCounter>::adopt(crossing_word_counter_new());
    const auto stop = ref<GCancellable>::adopt(g_cancellable_new());
    g_signal_connect_object(counter, "file-counted", G_CALLBACK(g_cancellable_cancel), stop.get(),
                            G_CONNECT_SWAPPED);
    const auto ended = co_await as_result(with_cancellable(
        stop, async(crossing_word_counter_count_async, crossing_word_counter_count_finish, counter,
                    tree, G_PRIORITY_DEFAULT)));
    require(ended.was_cancelled(), "C++: a count was not cancelled");
}

task<visit> visit_trees(ref<GFile> tree, ref<GFile> mixed) {
    const auto counter = ref<CrossingWordCounter>::adopt(crossing_word_counter_new());
    const auto counted =
        co_await async(crossing_word_counter_count_async, crossing_word_counter_count_finish,
                       counter, tree, G_PRIORITY_DEFAULT);
    co_await count_one_file(tree);
    const auto failed = co_await as_result(async(crossing_word_counter_count_async,
                                                 crossing_word_counter_count_finish, counter, mixed,
                                                 G_PRIORITY_DEFAULT));
    require(failed.has_error() && failed.error().matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT),
            "C++: a file that is not text was not refused");
    co_return std::tuple_cat(counted, std::tuple<std::string>(failed.error().message()));
}

using visiting = async_pair<visit, crossing_clients_in_cpp_async>;

} // namespace

void crossing_clients_in_cpp_async(GFile* tree, GFile* mixed, GCancellable* cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data) {
    visiting::start({nullptr, G_PRIORITY_DEFAULT, cancellable, callback, user_data},
                    visit_trees(ref<GFile>::retain(tree), ref<GFile>::retain(mixed)));
}

gboolean crossing_clients_in_cpp_finish(GAsyncResult* result, guint64* n_words, guint* n_files,
                                        char** failure, GError** error) {
    return visiting::finish(nullptr, result, n_words, n_files, failure, error);
}

guint64 crossing_clients_engine_rounds() {
    const auto found = engine::find();
    return found ? found->rounds() : 0;
}
