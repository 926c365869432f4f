#pragma once

#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"

#include <functional>
#include <limits>
#include <utility>

namespace gawait::test {

/// A job that calls what it was given.
class action : public job {
public:
    explicit action(std::function<void()> what, int priority = G_PRIORITY_DEFAULT)
        : job([](job& self) noexcept { static_cast<action&>(self).what_(); }, priority),
          what_(std::move(what)) {}

private:
    std::function<void()> what_;
};

/// A job that posts itself again until it is told to stop, or has run so often.
class reposting : public action {
public:
    explicit reposting(engine& home, int priority = G_PRIORITY_DEFAULT,
                       int most = std::numeric_limits<int>::max())
        : action(
              [this, &home, most] {
                  ++runs;
                  if (!stop && runs < most)
                      home.post(*this);
              },
              priority) {}

    int runs = 0;
    bool stop = false;
};

/// A timer that calls what it was given.
class alarm : public timer {
public:
    explicit alarm(std::function<void()> what, int priority = G_PRIORITY_DEFAULT)
        : timer([](job& self) noexcept { static_cast<alarm&>(self).what_(); }, priority),
          what_(std::move(what)) {}

private:
    std::function<void()> what_;
};

/// A watch that calls what it was given.
class watcher : public fd_watch {
public:
    watcher(int fd, GIOCondition condition, std::function<void(watcher&)> what)
        : fd_watch(
              [](fd_watch& self) noexcept {
                  auto& own = static_cast<watcher&>(self);
                  own.what_(own);
              },
              fd, condition),
          what_(std::move(what)) {}

private:
    std::function<void(watcher&)> what_;
};

/// A hook that calls what it was given.
class closing : public engine::close_hook {
public:
    explicit closing(std::function<void()> what)
        : close_hook([](close_hook& self) noexcept { static_cast<closing&>(self).what_(); }),
          what_(std::move(what)) {}

private:
    std::function<void()> what_;
};

/// A plain GLib source that is ready all the time, while this lives.
class always_ready {
public:
    always_ready(GMainContext* context, int priority, std::function<void()> what)
        : what_(std::move(what)) {
        g_source_set_priority(source_, priority);
        g_source_set_callback(
            source_,
            [](gpointer self) -> gboolean {
                static_cast<always_ready*>(self)->what_();
                return G_SOURCE_CONTINUE;
            },
            this, nullptr);
        g_source_attach(source_, context);
    }

    always_ready(const always_ready&) = delete;
    always_ready& operator=(const always_ready&) = delete;
    ~always_ready() { stop(); }

    void stop() { g_source_destroy(source_); }

private:
    ref<GSource> source_ = ref<GSource>::adopt(g_idle_source_new());
    std::function<void()> what_;
};

/// Iterates a context, blocking where nothing is ready, until `done()` says so, or
/// for ten seconds: a wake-up that is lost does not go unnoticed.
///
/// @return whether it did.
template <class Done> bool block_until(GMainContext* context, Done done) {
    bool late = false;
    const auto limit = ref<GSource>::adopt(g_timeout_source_new_seconds(10));
    g_source_set_priority(limit, G_PRIORITY_HIGH);
    g_source_set_callback(
        limit,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_REMOVE;
        },
        &late, nullptr);
    g_source_attach(limit, context);
    while (!done() && !late)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(limit);
    return done();
}

} // namespace gawait::test
