#pragma once

#include "gawait/async.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>

namespace gawait::test {

/// What an operation of `fill_async()` does, and what became of it.
struct filler {
    /// How long it takes when it is not cancelled.
    std::chrono::milliseconds length{10'000};

    /// How much longer it goes on, and uses its buffer, after it was cancelled.
    std::chrono::milliseconds late{0};

    /// Whether it succeeds all the same when it is cancelled.
    bool stubborn = false;

    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
};

/// One call of `fill_async()`. ThreadSanitizer does not see how GTask hands it over to the
/// other thread; `handed_over` and the filler's counts say it once more.
struct fill_call {
    filler* how = nullptr;
    char* buffer = nullptr;
    gsize size = 0;
    std::atomic<bool> handed_over{false};

    static fill_call& of(gpointer data) { return *static_cast<fill_call*>(data); }
};

/// Fills a buffer with 'x' in another thread, and is slow to see that it was cancelled.
inline void fill_async(filler* how, char* buffer, gsize size, GCancellable* cancellable,
                       GAsyncReadyCallback callback, gpointer data) {
    ++how->begun;
    auto call = std::make_unique<fill_call>();
    call->how = how;
    call->buffer = buffer;
    call->size = size;
    call->handed_over = true;
    const auto task = ref<GTask>::adopt(g_task_new(nullptr, cancellable, callback, data));
    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, call.release(), [](gpointer done) {
        const std::unique_ptr<fill_call> owner(static_cast<fill_call*>(done));
    });
    g_task_run_in_thread(task, [](GTask* done, gpointer, gpointer of, GCancellable* stop) {
        fill_call& self = fill_call::of(of);
        self.handed_over.load();
        filler& asked = *self.how;
        GPollFD stopped{};
        if (g_cancellable_make_pollfd(stop, &stopped)) {
            g_poll(&stopped, 1, int(asked.length.count()));
            g_cancellable_release_fd(stop);
        }
        const bool was_stopped = g_cancellable_is_cancelled(stop);
        if (was_stopped)
            g_usleep(gulong(std::chrono::microseconds(asked.late).count()));
        std::memset(self.buffer, 'x', self.size);
        const auto filled = gssize(self.size);
        const bool stubborn = asked.stubborn;
        ++asked.ended;
        if (!was_stopped || stubborn || !g_task_return_error_if_cancelled(done))
            g_task_return_int(done, filled);
    });
}

/// How much was filled.
inline gssize fill_finish(GAsyncResult* result, GError** failure) {
    auto* task = reinterpret_cast<GTask*>(result);
    EXPECT_GT(fill_call::of(g_task_get_task_data(task)).how->ended.load(), 0);
    return g_task_propagate_int(task, failure);
}

/// Awaits a `filler` that fills a buffer on this coroutine's frame.
inline task<> fill_frame(filler& how) {
    std::array<char, 64> buffer{};
    co_await async(fill_async, fill_finish, &how, buffer.data(), gsize(buffer.size()));
}

} // namespace gawait::test
