#include "support/chains.hpp"

#include "gawait/async.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"
#include "gawait/spawn.hpp"
#include "support/answer.hpp"
#include "support/callback_chain.hpp"
#include "support/loop.hpp"

#ifdef HAVE_TYPED
#include "gawait/benchmarks/functions.hpp"
#endif
#ifdef HAVE_GIOMM
#include <giomm.h>
#include <giomm/slot_async.h>
#endif
#ifdef HAVE_LIBDEX
#include <libdex.h>
#endif

#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace gawait::benchmarks {
namespace {

// Raw callbacks ------------------------------------------------------------------

using raw_callbacks = callback_chain<answer_async, answer_finish>;

void run_raw_callbacks(std::size_t operations) {
    raw_callbacks(operations, ref<GCancellable>::adopt(g_cancellable_new())).run();
}

void run_raw_callbacks_without_cancellable(std::size_t operations) {
    raw_callbacks(operations, nullptr).run();
}

// A coroutine by hand ------------------------------------------------------------

/// The least that makes a coroutine of a callback: no cancellation, no errors, no
/// results from one coroutine to another.
struct bare_coroutine {
    struct promise_type {
        bare_coroutine get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

class bare_answer {
public:
    bare_answer(GObject* asked, GCancellable* cancellable)
        : asked_(asked), cancellable_(cancellable) {}

    bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<> awaiting) {
        awaiting_ = awaiting;
        answer_async(
            asked_, cancellable_,
            [](GObject*, GAsyncResult* result, gpointer data) {
                auto& self = *static_cast<bare_answer*>(data);
                self.result_ = result;
                self.awaiting_.resume();
            },
            this);
    }

    gssize await_resume() const {
        GError* failure = nullptr;
        const gssize value = answer_finish(asked_, result_, &failure);
        expect_success(failure);
        return value;
    }

private:
    GObject* asked_;
    GCancellable* cancellable_;
    GAsyncResult* result_ = nullptr;
    std::coroutine_handle<> awaiting_;
};

bare_coroutine chain_by_hand(std::size_t operations, bool& done) {
    const auto asked = new_object();
    const auto cancellable = ref<GCancellable>::adopt(g_cancellable_new());
    gssize sum = 0;
    for (std::size_t begun = 0; begun < operations; ++begun)
        sum += co_await bare_answer(asked, cancellable);
    done = sum > 0;
}

void run_coroutine_by_hand(std::size_t operations) {
    bool done = false;
    chain_by_hand(operations, done);
    iterate_until(done);
}

// gawait -------------------------------------------------------------------------

void run_spawned(task<gssize> begins) {
    const auto handle = spawn(std::move(begins));
    while (!handle.done())
        g_main_context_iteration(nullptr, TRUE);
    if (handle.take() == 0)
        g_error("no operation was awaited");
}

task<gssize> chain_of_awaits(std::size_t operations) {
    const auto asked = new_object();
    gssize sum = 0;
    for (std::size_t begun = 0; begun < operations; ++begun)
        sum += co_await async(answer_async, answer_finish, asked);
    co_return sum;
}

void run_gawait(std::size_t operations) { run_spawned(chain_of_awaits(operations)); }

task<gssize> chain_of_awaited_results(std::size_t operations) {
    const auto asked = new_object();
    gssize sum = 0;
    for (std::size_t begun = 0; begun < operations; ++begun) {
        auto answer = co_await as_result(async(answer_async, answer_finish, asked));
        sum += answer ? *answer : 0;
    }
    co_return sum;
}

void run_gawait_as_result(std::size_t operations) {
    run_spawned(chain_of_awaited_results(operations));
}

#ifdef HAVE_TYPED
task<gssize> chain_of_typed_awaits(std::size_t operations) {
    const auto asked = new_object();
    gssize sum = 0;
    for (std::size_t begun = 0; begun < operations; ++begun)
        sum += co_await answer(asked);
    co_return sum;
}

void run_gawait_typed(std::size_t operations) { run_spawned(chain_of_typed_awaits(operations)); }
#endif

#ifdef HAVE_GIOMM
// giomm --------------------------------------------------------------------------

// What giomm's own classes do for a pair of functions: they copy the slot to the heap,
// and wrap the result.

void ask(const Glib::RefPtr<Glib::Object>& asked, const Gio::SlotAsyncReady& slot,
         const Glib::RefPtr<Gio::Cancellable>& cancellable) {
    auto copy = std::make_unique<Gio::SlotAsyncReady>(slot);
    answer_async(asked->gobj(), Glib::unwrap(cancellable), Gio::SignalProxy_async_callback,
                 copy.release());
}

gssize finish(const Glib::RefPtr<Glib::Object>& asked,
              const Glib::RefPtr<Gio::AsyncResult>& result) {
    GError* failure = nullptr;
    const gssize value = answer_finish(asked->gobj(), Glib::unwrap(result), &failure);
    if (failure)
        Glib::Error::throw_exception(failure);
    return value;
}

class giomm_slots {
public:
    explicit giomm_slots(std::size_t operations) : left_(operations) {}

    void run() {
        begin_next();
        iterate_until(done_);
    }

private:
    void begin_next() { ask(asked_, sigc::mem_fun(*this, &giomm_slots::on_answer), cancellable_); }

    void on_answer(Glib::RefPtr<Gio::AsyncResult>& result) {
        sum_ += finish(asked_, result);
        if (--left_ == 0)
            done_ = true;
        else
            begin_next();
    }

    std::size_t left_;
    Glib::RefPtr<Gio::Cancellable> cancellable_ = Gio::Cancellable::create();
    Glib::RefPtr<Glib::Object> asked_ = Gio::MemoryInputStream::create();
    gssize sum_ = 0;
    bool done_ = false;
};

void run_giomm(std::size_t operations) {
    Gio::init();
    giomm_slots(operations).run();
}
#endif

#ifdef HAVE_LIBDEX
// libdex -------------------------------------------------------------------------

struct dex_unref_deleter {
    void operator()(gpointer object) const noexcept { dex_unref(object); }
};

/// What its fiber is given, and gives back.
struct fiber_chain {
    std::size_t operations;
    bool done = false;
};

DexFuture* fiber_of_awaits(gpointer data) {
    // In parts, because libdex's macros are C that C++ does not have.
    DexAsyncPairInfo pair{};
    pair.async = reinterpret_cast<gpointer>(answer_async);
    pair.finish = reinterpret_cast<gpointer>(answer_finish);
    pair.return_type = G_TYPE_INT64;
    auto& chain = *static_cast<fiber_chain*>(data);
    const auto asked = new_object();
    gssize sum = 0;
    for (std::size_t begun = 0; begun < chain.operations; ++begun) {
        GError* failure = nullptr;
        sum += dex_await_int64(dex_async_pair_new(asked, &pair), &failure);
        expect_success(failure);
    }
    chain.done = sum > 0;
    return dex_future_new_true();
}

void run_libdex(std::size_t operations) {
    dex_init();
    fiber_chain chain{operations};
    const std::unique_ptr<DexFuture, dex_unref_deleter> fiber(
        (dex_scheduler_spawn)(nullptr, 0, fiber_of_awaits, &chain, nullptr));
    iterate_until(chain.done);
}
#endif

constexpr chain all_chains[] = {
    {"raw callbacks", run_raw_callbacks, false},
    {"raw callbacks without GCancellable", run_raw_callbacks_without_cancellable, false},
    {"raw callbacks beside an engine", run_raw_callbacks, true},
    {"coroutine by hand", run_coroutine_by_hand, false},
#ifdef HAVE_GIOMM
    {"giomm slots", run_giomm, false},
#endif
#ifdef HAVE_LIBDEX
    {"libdex fiber", run_libdex, false},
#endif
    {"gawait", run_gawait, true},
    {"gawait as_result", run_gawait_as_result, true},
#ifdef HAVE_TYPED
    {"gawait typed", run_gawait_typed, true},
#endif
};

} // namespace

std::span<const chain> chains() { return all_chains; }

} // namespace gawait::benchmarks
