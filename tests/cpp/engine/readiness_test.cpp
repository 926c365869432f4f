#include "engine/readiness.hpp"

#include "gawait/engine/engine.hpp"
#include "support/child_process.hpp"
#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"

#include <gtest/gtest.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>
#include <utility>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::descriptor;
using test::descriptor_pair;
using test::in_child;
using test::succeeded;
using test::watcher;

/// Whether the kernel gives this process an io_uring that tells without interrupting.
bool io_uring_is_here() {
    io_uring_params layout{};
    layout.flags =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    const long ring = syscall(SYS_io_uring_setup, 1, &layout);
    if (ring >= 0)
        close(int(ring));
    return ring >= 0;
}

/// Takes it away for good, as many containers do.
bool refuse_io_uring() {
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(instructions), instructions};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// How many this process has open.
std::ptrdiff_t io_urings() {
    namespace fs = std::filesystem;
    return std::ranges::count_if(fs::directory_iterator("/proc/self/fd"), [](const auto& entry) {
        std::error_code gone;
        return fs::read_symlink(entry.path(), gone) == "anon_inode:[io_uring]";
    });
}

struct engine_rounds : test::engine_fixture {
    descriptor_pair pipe = descriptor_pair::pipe();
    int round = 0, written_in = 0;
    std::set<int> later; // by how many rounds the watch was called than the pipe was written to
    watcher readable{pipe.first.get(), G_IO_IN, [this](watcher&) {
                         pipe.first.drain();
                         later.insert(round - written_in);
                     }};

    /// Runs a job that posts itself in so many rounds and now and then writes to the pipe.
    void run_rounds(int count) {
        const int end = round + count;
        action* again = nullptr;
        action step([&] {
            if (++round % 37 == 0) {
                pipe.second.write("x");
                written_in = round;
            }
            if (round < end)
                home->post(*again);
        });
        again = &step;
        home->post(step);
        ASSERT_TRUE(until([&] { return round == end; }));
    }

    /// Runs short turns, one in an iteration, and `before` before each.
    void run_short_turns(int turns, std::function<void()> before) {
        int rounds = 0;
        bool ended = true;
        action* again = nullptr;
        action step([&] {
            ended = ++rounds % 3 == 0;
            if (!ended)
                home->post(*again);
        });
        again = &step;
        // In an iteration, where posting wakes nobody.
        std::function<void()> begin = [&] {
            if (!std::exchange(ended, false))
                return; // the turn was spent before
            before();
            home->post(step);
        };
        const auto source = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_callback(
            source,
            [](gpointer data) -> gboolean {
                (*static_cast<std::function<void()>*>(data))();
                return G_SOURCE_CONTINUE;
            },
            &begin, nullptr);
        g_source_attach(source, context.get());
        EXPECT_TRUE(until([&] { return rounds >= 3 * turns && ended; }));
        g_source_destroy(source);
    }

    /// Whether each round of long turns finds what became ready in the round before.
    bool each_round_looks() {
        later.clear();
        if (!readable.watching())
            home->watch(readable);
        run_rounds(4000);
        home->unwatch(readable);
        EXPECT_EQ(later, std::set{1});
        return later == std::set{1};
    }

    bool each_round_looks_in_a_child() {
        return succeeded(in_child([&] { return each_round_looks(); }));
    }
};

TEST_F(engine_rounds, each_find_what_became_ready_in_the_one_before) {
    EXPECT_TRUE(each_round_looks());
    EXPECT_EQ(io_urings(), io_uring_is_here());
}

TEST_F(engine_rounds, each_find_what_became_ready_in_the_one_before_without_io_uring) {
    const pid_t child = in_child([&] {
        return refuse_io_uring() && !io_uring_is_here() && each_round_looks() && io_urings() == 0;
    });
    EXPECT_TRUE(succeeded(child));
}

TEST_F(engine_rounds, make_an_io_uring_where_many_looks_find_nothing_however_short_the_turns) {
    home->watch(readable);
    run_short_turns(100, [] {});
    home->unwatch(readable);
    EXPECT_EQ(io_urings(), io_uring_is_here());
}

TEST_F(engine_rounds, make_no_io_uring_where_many_looks_find_something) {
    home->watch(readable);
    run_short_turns(100, [this] { pipe.second.write("x"); });
    home->unwatch(readable);
    EXPECT_EQ(io_urings(), 0);
}

TEST_F(engine_rounds, give_the_io_uring_back_with_the_engine) {
    EXPECT_TRUE(each_round_looks());
    home = engine_ref();
    EXPECT_EQ(io_urings(), 0);
    home = engine::get();
}

TEST_F(engine_rounds, each_call_for_what_stays_ready) {
    int calls = 0, before = 0, rounds = 0;
    std::set<int> in_a_round;
    pipe.second.write("x");
    watcher stays_ready(pipe.first.get(), G_IO_IN, [&](watcher&) { ++calls; });
    action* again = nullptr;
    action step([&] {
        if (rounds > 0)
            in_a_round.insert(calls - before);
        before = calls;
        if (++rounds < 1000)
            home->post(*again);
    });
    again = &step;
    home->watch(stays_ready);
    EXPECT_TRUE(until([&] { return calls > 0; }));
    home->post(step);
    EXPECT_TRUE(until([&] { return rounds == 1000; }));
    home->unwatch(stays_ready);
    EXPECT_EQ(in_a_round, std::set{1});
}

TEST_F(engine_rounds, find_what_another_thread_wrote) {
    constexpr int times = 300;
    int found = 0;
    auto answers = descriptor_pair::pipe();
    watcher counted(pipe.first.get(), G_IO_IN, [&](watcher&) {
        pipe.first.drain();
        ++found;
        answers.second.write("x");
    });
    home->watch(counted);
    std::jthread writer([&] {
        for (int time = 0; time < times; ++time) {
            pipe.second.write("x");
            while (answers.first.read().empty())
                std::this_thread::yield();
        }
    });
    // Never idle, so that nothing but the rounds' own looks finds it.
    const auto give_up = clock::now() + 20s;
    action* again = nullptr;
    action step([&] {
        if (found < times && clock::now() < give_up)
            home->post(*again);
    });
    again = &step;
    home->post(step);
    EXPECT_TRUE(until([&] { return found == times; }));
    home->unwatch(counted);
}

TEST_F(engine_rounds, leave_calls_alone_that_block_while_a_descriptor_becomes_ready) {
    // A new process has had no ring, whose end would interrupt.
    const pid_t child = in_child([&] {
        EXPECT_TRUE(each_round_looks());
        home->watch(readable);
        const descriptor nothing(epoll_create1(EPOLL_CLOEXEC));
        const std::jthread writer([&] {
            std::this_thread::sleep_for(5ms);
            pipe.second.write("x");
        });
        epoll_event event;
        return epoll_wait(nothing.get(), &event, 1, 20) == 0; // and not -1, EINTR
    });
    EXPECT_TRUE(succeeded(child));
}

TEST_F(engine_rounds, look_in_a_child_as_in_its_parent) {
    EXPECT_TRUE(each_round_looks());
    EXPECT_TRUE(each_round_looks_in_a_child());
    EXPECT_TRUE(each_round_looks());
}

TEST_F(engine_rounds, look_in_a_child_that_was_forked_in_the_middle_of_a_turn) {
    EXPECT_TRUE(each_round_looks());
    pid_t child = -1;
    action forks([&] {
        child = in_child([&] {
            const auto own = descriptor_pair::pipe();
            bool ran = false;
            watcher ready(own.first.get(), G_IO_IN, [&](watcher&) { ran = true; });
            home->watch(ready);
            own.second.write("x");
            // In the turn that the fork was in the middle of.
            EXPECT_TRUE(home->next_round());
            home->unwatch(ready);
            EXPECT_TRUE(ready.queued());
            return until([&] { return ran; }) && each_round_looks();
        });
    });
    home->watch(readable);
    run_rounds(100);
    home->post(forks);
    EXPECT_TRUE(until([&] { return child >= 0; }));
    EXPECT_TRUE(succeeded(child));
    EXPECT_TRUE(each_round_looks());
}

TEST_F(engine_rounds, look_in_another_thread_that_iterates_the_context) {
    const auto in_a_thread = [&] {
        std::jthread([&] {
            g_main_context_push_thread_default(context.get());
            EXPECT_TRUE(each_round_looks());
            g_main_context_pop_thread_default(context.get());
        });
    };
    g_main_context_pop_thread_default(context.get());
    for (int thread = 0; thread < 3; ++thread)
        in_a_thread();
    g_main_context_push_thread_default(context.get());
    EXPECT_TRUE(each_round_looks());
}

TEST_F(engine_rounds, look_after_a_file_was_closed_under_its_watch) {
    EXPECT_TRUE(each_round_looks());
    auto other = descriptor_pair::pipe();
    const descriptor copy(fcntl(other.first.get(), F_DUPFD_CLOEXEC, 0)); // which the set reports
    bool told = false;
    watcher closed(other.first.get(), G_IO_IN, [&](watcher& self) {
        told |= self.ready() == G_IO_NVAL;
        home->unwatch(self);
    });
    home->watch(closed);
    other.first.close();
    EXPECT_TRUE(until([&] { return told; }));
    other.second.write("x");
    settle();
    EXPECT_TRUE(each_round_looks());
}

} // namespace
} // namespace gawait
