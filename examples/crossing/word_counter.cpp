// A CrossingWordCounter, whose asynchronous methods are coroutines.

#include "crossing-word-counter.h"

#include "gawait/gawait.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace gawait;

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is G_DECLARE_FINAL_TYPE's.
struct _CrossingWordCounter {
    GObject parent_instance;
    guint files_at_once;
    guint timeout;
};

// NOLINTNEXTLINE(misc-use-anonymous-namespace, performance-no-int-to-ptr): the macro's own.
G_DEFINE_FINAL_TYPE(CrossingWordCounter, crossing_word_counter, G_TYPE_OBJECT)

namespace {

enum { PROP_FILES_AT_ONCE = 1, PROP_TIMEOUT };

guint file_counted = 0;

guint& property_of(GObject* object, guint id) {
    auto* const self = CROSSING_WORD_COUNTER(object);
    return id == PROP_FILES_AT_ONCE ? self->files_at_once : self->timeout;
}

// Words ----------------------------------------------------------------------------

/// How many there are.
class word_number {
public:
    void add(std::string_view) { ++number_; }
    void add(word_number&& other) { number_ += other.number_; }
    guint64 get() const { return number_; }

private:
    guint64 number_ = 0;
};

/// How often each is there.
class word_frequencies {
public:
    void add(std::string_view word) {
        const unique_string lower(g_utf8_strdown(word.data(), gssize(word.size())));
        ++times_[lower.get()];
    }

    void add(word_frequencies&& other) {
        if (times_.empty())
            times_.swap(other.times_);
        for (const auto& [word, times] : other.times_)
            times_[word] += times;
    }

    unique_strv most_frequent(std::size_t how_many) const {
        std::vector<const times_of_word*> best;
        best.reserve(times_.size());
        for (const auto& each : times_)
            best.push_back(&each);
        const auto length = std::min(how_many, best.size());
        const auto end = best.begin() + std::ptrdiff_t(length);
        std::partial_sort(best.begin(), end, best.end(), [](const auto* a, const auto* b) {
            return std::tie(b->second, a->first) < std::tie(a->second, b->first);
        });
        unique_strv words(g_new0(char*, length + 1));
        std::transform(best.begin(), end, words.get(),
                       [](const auto* each) { return g_strdup(each->first.c_str()); });
        return words;
    }

private:
    using times_of_word = std::pair<const std::string, guint64>;

    std::unordered_map<std::string, guint64> times_;
};

/// Finds the words of a text that comes in pieces.
template <class Words> class text_words {
public:
    /// @param piece empty at the end of the text.
    /// @throws error `CROSSING_ERROR_NOT_TEXT`
    void add(GBytes* piece) {
        gsize size = 0;
        const auto* const data = static_cast<const char*>(g_bytes_get_data(piece, &size));
        const std::string_view text(data, size);
        // White space of ASCII's is never in the middle of a word or of a character.
        const auto space = text.find_last_of(" \t\n\v\f\r");
        if (space == std::string_view::npos && !text.empty()) {
            rest_ += text;
            return;
        }
        rest_ += text.substr(0, space);
        split(rest_);
        rest_ = text.substr(space + 1);
    }

    Words take() { return std::move(words_); }

private:
    void split(std::string_view text) {
        if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
            throw error(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT, "not text in UTF-8");
        const char* const end = text.data() + text.size();
        const char* word = nullptr;
        for (const char* at = text.data(); at != end; at = g_utf8_next_char(at)) {
            const gunichar character = g_utf8_get_char(at);
            const bool in_word = g_unichar_isalnum(character) || g_unichar_ismark(character);
            if (in_word && !word)
                word = at;
            if (!in_word && word)
                words_.add({std::exchange(word, nullptr), at});
        }
        if (word)
            words_.add({word, end});
    }

    std::string rest_;
    Words words_;
};

// Walking a tree -------------------------------------------------------------------

struct release_permit {
    void operator()(semaphore* owner) const noexcept { owner->release(); }
};

using permit = std::unique_ptr<semaphore, release_permit>;

/// Walks a tree once, and counts its files side by side.
template <class Words> class tree_walk {
public:
    tree_walk(ref<CrossingWordCounter> counter, int priority)
        : counter_(std::move(counter)), priority_(priority), limit_(counter_->timeout),
          permits_(counter_->files_at_once) {}

    task<> walk(ref<GFile> tree) {
        co_await with_scope([&](scope& files) { return enter(files, tree); });
    }

    Words& words() { return words_; }
    guint files() const { return files_; }

private:
    static constexpr const char* attributes =
        G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE;
    static constexpr int entries_at_once = 64;
    static constexpr gsize piece_size = 65'536;

    task<> enter(scope& files, ref<GFile> tree) {
        const auto info = co_await async(g_file_query_info_async, g_file_query_info_finish, tree,
                                         attributes, G_FILE_QUERY_INFO_NONE, priority_);
        const GFileType type = g_file_info_get_file_type(info);
        if (type != G_FILE_TYPE_DIRECTORY && type != G_FILE_TYPE_REGULAR)
            fail(files, tree,
                 error(CROSSING_ERROR, CROSSING_ERROR_SPECIAL_FILE,
                       "neither a directory nor a regular file"));
        co_await take_in(files, tree, type);
        while (!directories_.empty()) {
            const auto directory = std::move(directories_.front());
            directories_.pop_front();
            const auto entries =
                co_await opened<GFileEnumerator>([&](GCancellable* cancellable, GError** error) {
                    return g_file_enumerate_children(directory, attributes,
                                                     G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                                                     cancellable, error);
                });
            const auto listed = co_await as_result(list_entries(files, entries));
            co_await shield(async<void>(g_file_enumerator_close_async,
                                        g_file_enumerator_close_finish, entries, priority_));
            listed.value(); // or what ended it
        }
    }

    task<> list_entries(scope& files, ref<GFileEnumerator> entries) {
        for (;;) {
            const auto infos = co_await async<list<GFileInfo>>(g_file_enumerator_next_files_async,
                                                               g_file_enumerator_next_files_finish,
                                                               entries, entries_at_once, priority_);
            if (infos.empty())
                break;
            for (GFileInfo* const info : infos)
                co_await take_in(files,
                                 ref<GFile>::adopt(g_file_enumerator_get_child(entries, info)),
                                 g_file_info_get_file_type(info));
        }
    }

    /// Whatever else there is may block for ever, or lead anywhere, and is passed over.
    task<> take_in(scope& files, ref<GFile> found, GFileType type) {
        if (type == G_FILE_TYPE_DIRECTORY) {
            directories_.push_back(std::move(found));
        } else if (type == G_FILE_TYPE_REGULAR) {
            // Waits here, so that a tree of any size takes no more memory than its directories.
            co_await permits_.acquire();
            files.spawn(count_file(files, std::move(found), permit(&permits_)));
        }
    }

    task<> count_file(scope& files, ref<GFile> file, permit /*until the end*/) {
        auto words = co_await as_result(with_timeout(limit_, words_of(file)));
        if (words.has_error())
            fail(files, file, words.error());
        words_.add(std::move(words).value());
        ++files_;
        g_signal_emit(counter_, file_counted, 0, file.get());
    }

    task<Words> words_of(ref<GFile> file) {
        const auto text =
            co_await opened<GInputStream>([&](GCancellable* cancellable, GError** error) {
                return G_INPUT_STREAM(g_file_read(file, cancellable, error));
            });
        auto words = co_await as_result(read_words(text));
        co_await shield(
            async<void>(g_input_stream_close_async, g_input_stream_close_finish, text, priority_));
        co_return std::move(words).value();
    }

    task<Words> read_words(ref<GInputStream> stream) {
        text_words<Words> text;
        for (bool more = true; more;) {
            const auto piece =
                co_await async(g_input_stream_read_bytes_async, g_input_stream_read_bytes_finish,
                               stream, piece_size, priority_);
            more = g_bytes_get_size(piece) > 0;
            co_await to_thread([&] { text.add(piece); });
        }
        co_return text.take();
    }

    /// Opens something in a thread. An operation of GIO's that was cancelled may have opened it all
    /// the same, and closes it when it likes; this is ours to close before the callback.
    template <class T> static task<ref<T>> opened(std::function<T*(GCancellable*, GError**)> open) {
        GCancellable* const cancellable = co_await current_cancellable();
        co_return co_await to_thread([&] {
            GError* failure = nullptr;
            auto made = ref<T>::adopt(open(cancellable, &failure));
            if (failure) {
                error thrown(failure);
                if (thrown.matches(G_IO_ERROR_CANCELLED))
                    throw cancelled();
                throw thrown;
            }
            return made;
        });
    }

    /// Only the first failure is told: a second one, at the same time, is of no interest.
    [[noreturn]] void fail(scope& files, GFile* file, const error& failure) {
        files.cancel();
        if (std::exchange(failed_, true))
            throw cancelled();
        const unique_string name(g_file_get_parse_name(file));
        const std::string message = std::string(name.get()) + ": " + failure.message();
        throw error(failure.domain(), failure.code(), message.c_str());
    }

    ref<CrossingWordCounter> counter_;
    int priority_;
    std::chrono::milliseconds limit_;
    semaphore permits_;
    std::deque<ref<GFile>> directories_;
    bool failed_ = false;
    Words words_;
    guint files_ = 0;
};

// The methods ----------------------------------------------------------------------

task<std::tuple<guint64, guint>> count(ref<CrossingWordCounter> self, ref<GFile> tree,
                                       int priority) {
    tree_walk<word_number> walk(std::move(self), priority);
    co_await walk.walk(std::move(tree));
    co_return {walk.words().get(), walk.files()};
}

task<unique_strv> most_frequent(ref<CrossingWordCounter> self, ref<GFile> tree, guint how_many,
                                int priority) {
    tree_walk<word_frequencies> walk(std::move(self), priority);
    co_await walk.walk(std::move(tree));
    co_return co_await to_thread([&] { return walk.words().most_frequent(how_many); });
}

using counting = async_pair<std::tuple<guint64, guint>, crossing_word_counter_count_async>;
using ranking = async_pair<unique_strv, crossing_word_counter_most_frequent_async>;

} // namespace

void crossing_word_counter_count_async(CrossingWordCounter* self, GFile* tree, int io_priority,
                                       GCancellable* cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data) {
    g_return_if_fail(CROSSING_IS_WORD_COUNTER(self));
    g_return_if_fail(G_IS_FILE(tree)); // NOLINT(bugprone-reserved-identifier): the macro's own.
    counting::start(
        {self, io_priority, cancellable, callback, user_data},
        count(ref<CrossingWordCounter>::retain(self), ref<GFile>::retain(tree), io_priority));
}

gboolean crossing_word_counter_count_finish(CrossingWordCounter* self, GAsyncResult* result,
                                            guint64* n_words, guint* n_files, GError** error) {
    return counting::finish(self, result, n_words, n_files, error);
}

void crossing_word_counter_most_frequent_async(CrossingWordCounter* self, GFile* tree,
                                               guint how_many, int io_priority,
                                               GCancellable* cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data) {
    g_return_if_fail(CROSSING_IS_WORD_COUNTER(self));
    g_return_if_fail(G_IS_FILE(tree)); // NOLINT(bugprone-reserved-identifier): the macro's own.
    ranking::start({self, io_priority, cancellable, callback, user_data},
                   most_frequent(ref<CrossingWordCounter>::retain(self), ref<GFile>::retain(tree),
                                 how_many, io_priority));
}

char** crossing_word_counter_most_frequent_finish(CrossingWordCounter* self, GAsyncResult* result,
                                                  GError** error) {
    return ranking::finish(self, result, error);
}

// The class ------------------------------------------------------------------------

GQuark crossing_error_quark() { return g_quark_from_static_string("crossing-error-quark"); }

CrossingWordCounter* crossing_word_counter_new() {
    return CROSSING_WORD_COUNTER(g_object_new(CROSSING_TYPE_WORD_COUNTER, nullptr));
}

void crossing_word_counter_init(CrossingWordCounter*) {}

void crossing_word_counter_class_init(CrossingWordCounterClass* made) {
    auto* const methods = G_OBJECT_CLASS(made);
    methods->set_property = [](GObject* object, guint id, const GValue* value, GParamSpec*) {
        property_of(object, id) = g_value_get_uint(value);
    };
    methods->get_property = [](GObject* object, guint id, GValue* value, GParamSpec*) {
        g_value_set_uint(value, property_of(object, id));
    };
    constexpr auto flags =
        GParamFlags(G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);

    g_object_class_install_property(
        methods, PROP_FILES_AT_ONCE,
        g_param_spec_uint("files-at-once", nullptr, nullptr, 1, G_MAXUINT, 4, flags));

    g_object_class_install_property(
        methods, PROP_TIMEOUT,
        g_param_spec_uint("timeout", nullptr, nullptr, 1, G_MAXUINT, 30'000, flags));

    file_counted = g_signal_new("file-counted", CROSSING_TYPE_WORD_COUNTER, G_SIGNAL_RUN_LAST, 0,
                                nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_FILE);
}
