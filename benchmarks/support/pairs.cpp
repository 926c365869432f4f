#include "support/pairs.hpp"

#include "gawait/async.hpp"
#include "gawait/produce.hpp"
#include "gawait/ref.hpp"
#include "gawait/spawn.hpp"
#include "support/answer.hpp"
#include "support/callback_chain.hpp"

#include <utility>

namespace gawait::benchmarks {
namespace {

using start_function = void (*)(GObject*, int, GCancellable*, GAsyncReadyCallback, gpointer);
using finish_function = gssize (*)(GObject*, GAsyncResult*, GError**);

// Producers by hand ----------------------------------------------------------------

ref<GTask> new_task(GObject* asked, int priority, GCancellable* cancellable,
                    GAsyncReadyCallback callback, gpointer data, gpointer tag) {
    auto task = ref<GTask>::adopt(g_task_new(asked, cancellable, callback, data));
    (g_task_set_source_tag)(task, tag);
    g_task_set_priority(task, priority);
    return task;
}

void know_by_hand_async(GObject* asked, int priority, GCancellable* cancellable,
                        GAsyncReadyCallback callback, gpointer data) {
    const auto task =
        new_task(asked, priority, cancellable, callback, data, source_tag(know_by_hand_async));
    g_task_return_int(task, 1);
}

gssize know_by_hand_finish(GObject* asked, GAsyncResult* result, GError** failure) {
    g_return_val_if_fail(g_task_is_valid(result, asked), -1);
    g_return_val_if_fail(g_async_result_is_tagged(result, source_tag(know_by_hand_async)), -1);
    return g_task_propagate_int(G_TASK(result), failure);
}

void ask_by_hand_async(GObject* asked, int priority, GCancellable* cancellable,
                       GAsyncReadyCallback callback, gpointer data) {
    auto task =
        new_task(asked, priority, cancellable, callback, data, source_tag(ask_by_hand_async));
    answer_async(
        asked, cancellable,
        [](GObject* answering, GAsyncResult* result, gpointer caller) {
            const auto owner = ref<GTask>::adopt(G_TASK(caller));
            GError* failure = nullptr;
            const gssize value = answer_finish(answering, result, &failure);
            if (failure)
                g_task_return_error(owner, failure);
            else
                g_task_return_int(owner, value);
        },
        task.release());
}

gssize ask_by_hand_finish(GObject* asked, GAsyncResult* result, GError** failure) {
    g_return_val_if_fail(g_task_is_valid(result, asked), -1);
    g_return_val_if_fail(g_async_result_is_tagged(result, source_tag(ask_by_hand_async)), -1);
    return g_task_propagate_int(G_TASK(result), failure);
}

// Producers that are coroutines ----------------------------------------------------

void know_async(GObject* asked, int priority, GCancellable* cancellable,
                GAsyncReadyCallback callback, gpointer data);

using knowing = async_pair<gssize, know_async>;

task<gssize> know(ref<GObject>) { co_return 1; }

void know_async(GObject* asked, int priority, GCancellable* cancellable,
                GAsyncReadyCallback callback, gpointer data) {
    knowing::start({asked, priority, cancellable, callback, data},
                   know(ref<GObject>::retain(asked)));
}

gssize know_finish(GObject* asked, GAsyncResult* result, GError** failure) {
    return knowing::finish(asked, result, failure);
}

void ask_async(GObject* asked, int priority, GCancellable* cancellable,
               GAsyncReadyCallback callback, gpointer data);

using asking = async_pair<gssize, ask_async>;

task<gssize> ask(ref<GObject> asked) {
    co_return co_await async(answer_async, answer_finish, asked);
}

void ask_async(GObject* asked, int priority, GCancellable* cancellable,
               GAsyncReadyCallback callback, gpointer data) {
    asking::start({asked, priority, cancellable, callback, data}, ask(ref<GObject>::retain(asked)));
}

gssize ask_finish(GObject* asked, GAsyncResult* result, GError** failure) {
    return asking::finish(asked, result, failure);
}

// Consumers ------------------------------------------------------------------------

template <start_function Start>
void start(GObject* asked, GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
    Start(asked, G_PRIORITY_DEFAULT, cancellable, callback, data);
}

template <start_function Start, finish_function Finish>
void consume_with_callbacks(std::size_t calls) {
    auto cancellable = ref<GCancellable>::adopt(g_cancellable_new());
    callback_chain<start<Start>, Finish>(calls, std::move(cancellable)).run();
}

template <start_function Start, finish_function Finish>
task<gssize> chain_of_awaits(std::size_t calls) {
    const auto asked = new_object();
    gssize sum = 0;
    for (std::size_t begun = 0; begun < calls; ++begun)
        sum += co_await async(Start, Finish, asked, G_PRIORITY_DEFAULT);
    co_return sum;
}

template <start_function Start, finish_function Finish> void consume_with_await(std::size_t calls) {
    const auto handle = spawn(chain_of_awaits<Start, Finish>(calls));
    while (!handle.done())
        g_main_context_iteration(nullptr, TRUE);
    if (handle.take() == 0)
        g_error("no call was awaited");
}

constexpr chain all_pairs[] = {
    {"GTask that knows, callback", consume_with_callbacks<know_by_hand_async, know_by_hand_finish>,
     false},
    {"GTask that knows, await", consume_with_await<know_by_hand_async, know_by_hand_finish>, true},
    {"coroutine that knows, callback", consume_with_callbacks<know_async, know_finish>, false},
    {"coroutine that knows, await", consume_with_await<know_async, know_finish>, true},
    {"GTask that asks, callback", consume_with_callbacks<ask_by_hand_async, ask_by_hand_finish>,
     false},
    {"GTask that asks, await", consume_with_await<ask_by_hand_async, ask_by_hand_finish>, true},
    {"coroutine that asks, callback", consume_with_callbacks<ask_async, ask_finish>, false},
    {"coroutine that asks, await", consume_with_await<ask_async, ask_finish>, true},
};

} // namespace

std::span<const chain> pairs() { return all_pairs; }

} // namespace gawait::benchmarks
