// The C++ half of the storm of storm.py: calls of the word counter in a process in which Python
// makes such calls at the same time.

#include "crossing-word-counter.h"

#include "gawait/gawait.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <utility>

using namespace gawait;
using namespace std::chrono_literals;

extern "C" {

/// How many calls ended in which way.
struct storm_tally {
    unsigned counted;
    unsigned cancelled;
    unsigned refused;
    unsigned wrong;
};

/// Begins with `callers` tasks in the thread-default main context, each of which makes `calls`
/// calls, one after the other.
///
/// @param text a file of three words.
/// @param picture a file that is not text.
/// @param ended called once, on that context.
__attribute__((visibility("default"))) void storm_begin(const char* text, const char* picture,
                                                        unsigned callers, unsigned calls,
                                                        unsigned seed,
                                                        void (*ended)(const storm_tally*));

/// How many of the objects that the calls have made are alive. From any thread.
__attribute__((visibility("default"))) int storm_alive();
}

template <>
struct gawait::ref_traits<CrossingWordCounter> : gawait::gobject_traits<CrossingWordCounter> {};

namespace {

std::atomic<int> alive = 0;

void count_while_alive(gpointer object) {
    ++alive;
    g_object_weak_ref(G_OBJECT(object), [](gpointer, GObject*) { --alive; }, nullptr);
}

ref<GFile> file_of(const char* path) { return ref<GFile>::adopt(g_file_new_for_path(path)); }

class storm {
public:
    storm(const char* text, const char* picture)
        : text_(file_of(text)), picture_(file_of(picture)) {}

    task<> rage(unsigned callers, unsigned calls, unsigned seed) {
        co_await with_scope([&](scope& all) -> task<> {
            for (unsigned caller = 0; caller < callers; ++caller)
                all.spawn(call_often(calls, seed + caller));
            co_return;
        });
    }

    const storm_tally& tally() const { return tally_; }

private:
    task<> call_often(unsigned calls, unsigned seed) {
        std::minstd_rand chance(seed);
        for (unsigned call = 0; call < calls; ++call)
            co_await call_once(chance);
    }

    task<> call_once(std::minstd_rand& chance) {
        const auto counter = ref<CrossingWordCounter>::adopt(crossing_word_counter_new());
        const auto stop = ref<GCancellable>::adopt(g_cancellable_new());
        count_while_alive(counter);
        count_while_alive(stop);
        const auto& file = chance() % 8 == 0 ? picture_ : text_;
        auto counting = as_result(with_cancellable(stop, async(crossing_word_counter_count_async,
                                                               crossing_word_counter_count_finish,
                                                               counter, file, G_PRIORITY_DEFAULT)));
        switch (chance() % 4) {
        case 0:
            g_cancellable_cancel(stop);
            note(co_await std::move(counting));
            break;
        case 1: {
            const auto wait = std::chrono::microseconds(chance() % 500);
            auto [ended, nothing] =
                co_await when_all(std::move(counting), cancel_later(stop, wait));
            note(ended);
            break;
        }
        default:
            note(co_await std::move(counting));
            break;
        }
    }

    static task<> cancel_later(ref<GCancellable> stop, std::chrono::microseconds wait) {
        co_await sleep_for(wait);
        g_cancellable_cancel(stop);
    }

    template <class Result> void note(const Result& ended) {
        if (ended.has_value())
            ++(ended.value() == std::tuple<guint64, guint>(3, 1) ? tally_.counted : tally_.wrong);
        else if (ended.was_cancelled())
            ++tally_.cancelled;
        else
            ++(ended.error().matches(CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT) ? tally_.refused
                                                                              : tally_.wrong);
    }

    ref<GFile> text_;
    ref<GFile> picture_;
    storm_tally tally_{};
};

task<> rage_and_tell(std::unique_ptr<storm> raging, unsigned callers, unsigned calls, unsigned seed,
                     void (*ended)(const storm_tally*)) {
    co_await raging->rage(callers, calls, seed);
    ended(&raging->tally());
}

} // namespace

void storm_begin(const char* text, const char* picture, unsigned callers, unsigned calls,
                 unsigned seed, void (*ended)(const storm_tally*)) {
    std::ignore =
        spawn(rage_and_tell(std::make_unique<storm>(text, picture), callers, calls, seed, ended));
}

int storm_alive() { return alive; }
