#pragma once

#include "gawait/produce.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"
#include "support/loop.hpp"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <utility>

namespace gawait::test {

/// An asynchronous function whose work the test says.
template <class T> void work_async(const async_call& call, const std::function<task<T>()>& body);

template <class T> using work = async_pair<T, work_async<T>>;

/// Keeps the captures of the body until it has ended.
template <class T> task<T> work_of(std::function<task<T>()> body) { co_return co_await body(); }

template <class T> void work_async(const async_call& call, const std::function<task<T>()>& body) {
    work<T>::start(call, work_of(body));
}

/// What a `GAsyncReadyCallback` is called with.
class callback_log {
public:
    callback_log() = default;
    callback_log(const callback_log&) = delete;
    callback_log& operator=(const callback_log&) = delete;

    /// A call that this logs.
    async_call call(gpointer source = nullptr, GCancellable* cancellable = nullptr) {
        async_call made;
        made.source_object = source;
        made.cancellable = cancellable;
        made.callback = on_ready;
        made.user_data = this;
        return made;
    }

    /// What else is to happen in the callback.
    void in_callback(std::function<void()> what) { what_ = std::move(what); }

    int calls() const { return calls_; }
    GAsyncResult* result() const { return result_; }
    GTask* task() const { return G_TASK(result_.get()); }
    GObject* source() const { return source_; }
    std::thread::id thread() const { return thread_; }
    GMainContext* context() const { return context_; }

    /// Drops what is kept of the result.
    void forget() { result_ = nullptr; }

private:
    static void on_ready(GObject* source, GAsyncResult* result, gpointer data) {
        auto& self = *static_cast<callback_log*>(data);
        ++self.calls_;
        self.source_ = source;
        self.result_ = ref<GAsyncResult>::retain(result);
        self.thread_ = std::this_thread::get_id();
        self.context_ = g_main_context_get_thread_default();
        if (self.what_)
            self.what_();
    }

    int calls_ = 0;
    ref<GAsyncResult> result_;
    GObject* source_ = nullptr;
    std::thread::id thread_;
    GMainContext* context_ = nullptr;
    std::function<void()> what_;
};

/// Expects that a piece of code makes GLib log a critical whose message matches.
template <class Code> void expect_critical(const char* domain, const char* pattern, Code code) {
    g_test_expect_message(domain, G_LOG_LEVEL_CRITICAL, pattern);
    code();
    g_test_assert_expected_messages_internal(domain, __FILE__, __LINE__, "expect_critical");
}

} // namespace gawait::test
