#include "gawait/unix_signal.hpp"

#include "awaited_interrupts.hpp"

#include <glib-unix.h>

#include <csignal>

namespace gawait {
namespace {

bool is_known_to_glib(int number) noexcept {
    switch (number) {
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
    case SIGUSR1:
    case SIGUSR2:
    case SIGWINCH:
        return true;
    default:
        return false;
    }
}

ref<GSource> new_source(int number) {
    if (!is_known_to_glib(number))
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::unix_signal: GLib can wait for SIGHUP, SIGINT, SIGTERM, SIGUSR1, "
                    "SIGUSR2 and SIGWINCH only");
    return ref<GSource>::adopt(g_unix_signal_source_new(number));
}

void count_waits(int number, int more) noexcept {
    if (number == SIGINT)
        detail::awaited_interrupts += more;
}

} // namespace

const unix_signal_awaiter::kind unix_signal_awaiter::a_signal{role::wait, "a Unix signal"};

unix_signal_awaiter::unix_signal_awaiter(int number)
    : suspension(a_signal), number_(number), source_(new_source(number)) {}

void unix_signal_awaiter::attach() noexcept {
    if (g_source_is_destroyed(source_)) // by an await before
        source_ = new_source(number_);
    came_ = false;
    count_waits(number_, 1);
    g_source_set_callback(
        source_,
        [](gpointer data) -> gboolean {
            auto& self = *static_cast<unix_signal_awaiter*>(data);
            self.came_ = true;
            count_waits(self.number_, -1);
            g_source_destroy(self.source_);
            self.finish_now(); // which may be the end of it
            return G_SOURCE_REMOVE;
        },
        this, nullptr);
    g_source_attach(source_, home().context());
}

bool unix_signal_awaiter::withdraw() noexcept {
    g_source_destroy(source_); // the end of the context may have done so
    if (!came_)
        count_waits(number_, -1);
    return !came_;
}

// The handler is in place from here on, and GLib notes the signal in the source, attached or not.
unix_signals::unix_signals(int number) : number_(number), source_(new_source(number)) {
    count_waits(number, 1);
    g_source_set_callback(source_, on_signal, this, nullptr);
}

unix_signals::~unix_signals() {
    g_source_destroy(source_);
    count_waits(number_, -1);
}

void unix_signals::belong_to(engine& home) {
    if (!home_) {
        home_ = engine_ref(home);
        g_source_attach(source_, home.context());
    }
    if (home_.get() != &home)
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait::unix_signals: used by tasks of different main contexts");
}

gboolean unix_signals::on_signal(gpointer self) noexcept {
    auto& signals = *static_cast<unix_signals*>(self);
    if (signals.waiting_.empty())
        signals.came_ = true;
    else
        signals.waiting_.release_front();
    return G_SOURCE_CONTINUE;
}

} // namespace gawait
