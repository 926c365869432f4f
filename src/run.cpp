#include "gawait/run.hpp"

#include "awaited_interrupts.hpp"

#include <glib-unix.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <unistd.h>

namespace gawait::detail {
namespace {

bool on_main_thread() noexcept { return getpid() == gettid(); }

bool sigint_is_default() noexcept {
    struct sigaction current{};
    sigaction(SIGINT, nullptr, &current);
    return !(current.sa_flags & SA_SIGINFO) && current.sa_handler == SIG_DFL;
}

/// What happens when nobody catches the cancellation that comes of a Ctrl-C: the program ends
/// as it would have by the signal, so that the shell that runs it knows.
class uncaught_interrupt {
public:
    static void expect() noexcept {
        if (!expected.exchange(true))
            before = std::set_terminate(terminate);
    }

private:
    [[noreturn]] static void terminate() noexcept {
        if (failure::current().was_cancelled()) {
            g_printerr("gawait::run: interrupted\n");
            struct sigaction killed{};
            killed.sa_handler = SIG_DFL;
            sigaction(SIGINT, &killed, nullptr);
            sigset_t interrupt;
            sigemptyset(&interrupt);
            sigaddset(&interrupt, SIGINT);
            pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
            raise(SIGINT);
        }
        if (before)
            before();
        std::abort();
    }

    static inline std::atomic<bool> expected{false};
    static inline std::terminate_handler before = nullptr;
};

/// Cancels a task on the first Ctrl-C, and lets go of the signal then.
class interrupt_watch {
public:
    interrupt_watch(GMainContext* context, spawned_base& interrupted) : interrupted_(interrupted) {
        if (watching == 0 && !sigint_is_default())
            return;
        ++watching;
        watches_ = true;
        source_ = ref<GSource>::adopt(g_unix_signal_source_new(SIGINT));
        g_source_set_priority(source_, G_PRIORITY_HIGH);
        g_source_set_callback(source_, interrupted_by_user, this, nullptr);
        g_source_attach(source_, context);
    }

    interrupt_watch(const interrupt_watch&) = delete;
    interrupt_watch& operator=(const interrupt_watch&) = delete;

    ~interrupt_watch() {
        if (source_)
            g_source_destroy(source_);
        source_ = nullptr;
        if (watches_)
            --watching;
    }

private:
    static gboolean interrupted_by_user(gpointer watch) noexcept {
        auto& self = *static_cast<interrupt_watch*>(watch);
        if (awaited_interrupts > 0)
            return G_SOURCE_CONTINUE; // theirs: this one is dispatched before
        uncaught_interrupt::expect();
        self.interrupted_.cancel();
        // GLib lets go of the signal when the last reference to the source does.
        self.source_ = nullptr;
        return G_SOURCE_REMOVE;
    }

    // How many there are: while it is ours, the signal's handler is not the default.
    static inline std::atomic<int> watching{0};

    spawned_base& interrupted_;
    ref<GSource> source_;
    bool watches_ = false;
};

} // namespace

runner::runner() {
    GMainContext* const thread_default = g_main_context_get_thread_default();
    const bool makes_one = !thread_default && !on_main_thread();
    context_ = ref<GMainContext>::adopt(makes_one ? g_main_context_new()
                                                  : g_main_context_ref_thread_default());
    const bool is_default = context_.get() == g_main_context_default();
    ends_rest_ = makes_one || (is_default && !g_main_context_is_owner(context_));
    home_ = engine::get(context_);
    if (!g_main_context_acquire(context_))
        throw error(G_IO_ERROR_BUSY, "gawait::run: another thread owns the main context");
    if (thread_default != context_.get() && !is_default) {
        g_main_context_push_thread_default(context_);
        pushed_ = true;
    }
}

runner::~runner() {
    if (pushed_)
        g_main_context_pop_thread_default(context_);
    g_main_context_release(context_);
}

void runner::run_until_done(spawned_base& awaited) {
    {
        const interrupt_watch watch(context_, awaited);
        while (!awaited.done())
            g_main_context_iteration(context_, TRUE);
    }
    while (ends_rest_ && task_root::request_all(*home_))
        g_main_context_iteration(context_, TRUE);
}

} // namespace gawait::detail
