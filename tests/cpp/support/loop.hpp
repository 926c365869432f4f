#pragma once

#include "gawait/ref.hpp"

#include <glib.h>

#include <chrono>
#include <thread>
#include <utility>

namespace gawait::test {

/// A main context that is the thread-default one while this lives.
class own_context {
public:
    own_context() { g_main_context_push_thread_default(context_); }
    own_context(const own_context&) = delete;
    own_context& operator=(const own_context&) = delete;
    ~own_context() { g_main_context_pop_thread_default(context_); }

    GMainContext* get() const { return context_; }

    /// Iterates until `done()` says so, or for ten seconds.
    ///
    /// @return whether it did.
    template <class Done> bool iterate_until(Done done) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done() && std::chrono::steady_clock::now() < end)
            if (!g_main_context_iteration(context_, FALSE))
                std::this_thread::sleep_for(std::chrono::microseconds(50));
        return done();
    }

    /// Iterates until nothing is ready any more.
    void iterate_while_ready() const {
        while (g_main_context_iteration(context_, FALSE)) {
        }
    }

private:
    ref<GMainContext> context_ = ref<GMainContext>::adopt(g_main_context_new());
};

/// A thread that runs a main context of its own until this is destroyed.
class loop_thread {
public:
    loop_thread()
        : thread_([this] {
              g_main_context_push_thread_default(context_);
              g_main_loop_run(loop_);
              g_main_context_pop_thread_default(context_);
          }) {}

    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;

    ~loop_thread() {
        g_main_context_invoke(
            context_,
            [](gpointer loop) -> gboolean {
                g_main_loop_quit(static_cast<GMainLoop*>(loop));
                return G_SOURCE_REMOVE;
            },
            loop_.get());
        thread_.join();
    }

    GMainContext* context() const { return context_; }

    /// Waits until the thread owns the context.
    void wait_until_it_runs() const {
        while (g_main_context_acquire(context_)) {
            g_main_context_release(context_);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    std::thread::id id() const { return thread_.get_id(); }

private:
    ref<GMainContext> context_ = ref<GMainContext>::adopt(g_main_context_new());
    ref<GMainLoop> loop_ = ref<GMainLoop>::adopt(g_main_loop_new(context_, FALSE));
    std::thread thread_;
};

} // namespace gawait::test
