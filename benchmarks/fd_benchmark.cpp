// A byte goes through a pair of sockets and back, beside descriptors that are watched
// and never become ready.

#include "gawait/engine/engine.hpp"
#include "gawait/fd.hpp"
#include "gawait/ref.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "support/descriptor.hpp"
#include "support/loop.hpp"

#include <benchmark/benchmark.h>

#include <glib-unix.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <vector>

namespace gawait::benchmarks {
namespace {

constexpr int round_trips = 100;

/// Descriptors of which none becomes ready, as many as the benchmark's argument says;
/// fewer, with an error that says so, if the system does not allow so many.
std::vector<descriptor> idle_descriptors(benchmark::State& state) {
    raise_file_limit();
    std::vector<descriptor> idle;
    for (auto left = state.range(0); left > 0; --left) {
        const int fd = eventfd(0, EFD_CLOEXEC);
        if (fd < 0) {
            state.SkipWithError("the limit of open files is too low (ulimit -Hn)");
            break;
        }
        idle.emplace_back(fd);
    }
    return idle;
}

struct socket_pair {
    socket_pair() {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0)
            g_error("socketpair: %s", g_strerror(errno));
        near = std::make_unique<descriptor>(ends[0]);
        far = std::make_unique<descriptor>(ends[1]);
    }

    std::unique_ptr<descriptor> near;
    std::unique_ptr<descriptor> far;
};

void send_byte(int fd) {
    if (write(fd, "", 1) != 1)
        g_error("write: %s", g_strerror(errno));
}

void receive_byte(int fd) {
    char byte = 0;
    if (read(fd, &byte, 1) != 1)
        g_error("read: %s", g_strerror(errno));
}

/// How many round trips are left, for the near end; the far end sends back what comes.
struct trips {
    int left = 0;
    bool done = false;

    void begin(int near) {
        left = round_trips;
        done = false;
        send_byte(near);
    }

    void near_ready(int near) {
        receive_byte(near);
        if (--left > 0)
            send_byte(near);
        else
            done = true;
    }

    static void far_ready(int far) {
        receive_byte(far);
        send_byte(far);
    }
};

// The engine's own watches -------------------------------------------------------

class end_watch : public fd_watch {
public:
    /// @param counted null at the far end.
    end_watch(int fd, trips* counted) noexcept : fd_watch(on_ready, fd, G_IO_IN), trips_(counted) {}

private:
    static void on_ready(fd_watch& self) noexcept {
        if (trips* counted = static_cast<end_watch&>(self).trips_)
            counted->near_ready(self.fd());
        else
            trips::far_ready(self.fd());
    }

    trips* trips_;
};

/// Watches a descriptor for as long as this lives.
class watching {
public:
    watching(engine& home, fd_watch& watch) : home_(home), watch_(watch) { home_.watch(watch_); }
    watching(const watching&) = delete;
    watching& operator=(const watching&) = delete;
    ~watching() { home_.unwatch(watch_); }

private:
    engine& home_;
    fd_watch& watch_;
};

/// Watches descriptors that never become ready.
class idle_watches {
public:
    idle_watches(engine& home, const std::vector<descriptor>& idle) {
        for (const auto& each : idle)
            watching_.emplace_back(
                home, watches_.emplace_back([](fd_watch&) noexcept {}, each.get(), G_IO_IN));
    }

private:
    std::deque<fd_watch> watches_;
    std::deque<watching> watching_;
};

void round_trips_of_watches(benchmark::State& state) {
    const auto idle = idle_descriptors(state);
    const auto home = engine::get();
    const idle_watches beside(*home, idle);
    const socket_pair sockets;
    trips counted;
    end_watch near(sockets.near->get(), &counted);
    end_watch far(sockets.far->get(), nullptr);
    const watching near_watched(*home, near);
    const watching far_watched(*home, far);
    for (auto _ : state) {
        counted.begin(near.fd());
        iterate_until(counted.done);
    }
    state.counters["operations"] = round_trips;
}

// Coroutines ---------------------------------------------------------------------

task<> send_back(int fd) {
    for (;;) {
        co_await readable(fd);
        trips::far_ready(fd);
    }
}

task<> send_and_receive(benchmark::State& state, int near, int far) {
    const auto other = spawn(send_back(far));
    for (auto _ : state) {
        for (int trip = 0; trip < round_trips; ++trip) {
            send_byte(near);
            co_await readable(near);
            receive_byte(near);
        }
    }
    other.cancel();
    [[maybe_unused]] const auto ended = co_await as_result(other);
}

void round_trips_of_coroutines(benchmark::State& state) {
    const auto idle = idle_descriptors(state);
    const auto home = engine::get();
    const idle_watches beside(*home, idle);
    const socket_pair sockets;
    run(send_and_receive(state, sockets.near->get(), sockets.far->get()));
    state.counters["operations"] = round_trips;
}

// GLib's sources -----------------------------------------------------------------

/// A descriptor watched by a source of GLib's, for as long as this lives.
class glib_watch {
public:
    glib_watch(int fd, GUnixFDSourceFunc on_ready, gpointer data)
        : source_(ref<GSource>::adopt(g_unix_fd_source_new(fd, G_IO_IN))) {
        g_source_set_callback(source_, G_SOURCE_FUNC(on_ready), data, nullptr);
        g_source_attach(source_, nullptr);
    }

    glib_watch(const glib_watch&) = delete;
    glib_watch& operator=(const glib_watch&) = delete;
    ~glib_watch() { g_source_destroy(source_); }

private:
    ref<GSource> source_;
};

gboolean ignore(int, GIOCondition, gpointer) { return G_SOURCE_CONTINUE; }

gboolean on_near_ready(int fd, GIOCondition, gpointer counted) {
    static_cast<trips*>(counted)->near_ready(fd);
    return G_SOURCE_CONTINUE;
}

gboolean on_far_ready(int fd, GIOCondition, gpointer) {
    trips::far_ready(fd);
    return G_SOURCE_CONTINUE;
}

void round_trips_of_glib_sources(benchmark::State& state) {
    const auto idle = idle_descriptors(state);
    std::deque<glib_watch> beside;
    for (const auto& each : idle)
        beside.emplace_back(each.get(), ignore, nullptr);
    const socket_pair sockets;
    trips counted;
    const glib_watch near(sockets.near->get(), on_near_ready, &counted);
    const glib_watch far(sockets.far->get(), on_far_ready, nullptr);
    for (auto _ : state) {
        counted.begin(sockets.near->get());
        iterate_until(counted.done);
    }
    state.counters["operations"] = round_trips;
}

void beside_idle(benchmark::internal::Benchmark* each) { each->Arg(0)->Arg(2000)->Arg(10000); }

BENCHMARK(round_trips_of_watches)->Name("fd/gawait")->Apply(beside_idle);
BENCHMARK(round_trips_of_coroutines)->Name("fd/gawait coroutines")->Apply(beside_idle);
BENCHMARK(round_trips_of_glib_sources)->Name("fd/g_unix_fd_source")->Apply(beside_idle);

} // namespace
} // namespace gawait::benchmarks
