#include "gawait/engine/fd_watch.hpp"

#include "gawait/engine/engine.hpp"
#include "gawait/error.hpp"
#include "support/child_process.hpp"
#include "support/descriptors.hpp"
#include "support/engine_fixture.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"
#include "support/registrations.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::action;
using test::alarm;
using test::descriptor;
using test::descriptor_pair;
using test::registrations;
using test::watcher;

struct fd_watch : test::engine_fixture {
    /// The code of the `G_IO_ERROR` that watching ends with.
    int refusal(gawait::fd_watch& watch) {
        try {
            home->watch(watch);
        } catch (const error& refused) {
            EXPECT_EQ(refused.domain(), G_IO_ERROR);
            EXPECT_NE(std::string(refused.message()), "");
            EXPECT_FALSE(watch.watching());
            return refused.code();
        }
        return -1;
    }
};

/// Watches until it is told, once.
class once : public watcher {
public:
    once(engine& home, int fd, GIOCondition condition)
        : watcher(fd, condition, [this, &home](watcher& self) {
              ready = self.ready();
              ++calls;
              home.unwatch(self);
          }) {}

    GIOCondition ready = GIOCondition(0);
    int calls = 0;
};

TEST_F(fd_watch, a_pipe_becomes_readable_when_something_was_written) {
    const auto pipe = descriptor_pair::pipe();
    once readable(*home, pipe.first.get(), G_IO_IN);
    home->watch(readable);
    EXPECT_TRUE(readable.watching());
    settle();
    EXPECT_EQ(readable.calls, 0);
    pipe.second.write("x");
    EXPECT_TRUE(until([&] { return readable.calls > 0; }));
    EXPECT_EQ(readable.ready, G_IO_IN);
    EXPECT_FALSE(readable.watching());
}

TEST_F(fd_watch, a_pipe_is_writable_until_it_is_full_and_again_once_it_was_read) {
    const auto pipe = descriptor_pair::pipe();
    once writable(*home, pipe.second.get(), G_IO_OUT);
    home->watch(writable);
    EXPECT_TRUE(until([&] { return writable.calls == 1; }));
    EXPECT_EQ(writable.ready, G_IO_OUT);

    pipe.second.fill();
    home->watch(writable);
    settle();
    EXPECT_EQ(writable.calls, 1);

    pipe.first.drain();
    EXPECT_TRUE(until([&] { return writable.calls == 2; }));
}

TEST_F(fd_watch, a_socket_is_watched_for_both_directions_at_once) {
    const auto [near, far] = descriptor_pair::sockets();
    far.write("x");
    once both(*home, near.get(), GIOCondition(G_IO_IN | G_IO_OUT));
    home->watch(both);
    EXPECT_TRUE(until([&] { return both.calls > 0; }));
    EXPECT_EQ(both.ready, GIOCondition(G_IO_IN | G_IO_OUT));
}

TEST_F(fd_watch, several_watches_of_one_descriptor_are_each_told_what_they_wait_for) {
    const auto [near, far] = descriptor_pair::sockets();
    once in(*home, near.get(), G_IO_IN);
    once also_in(*home, near.get(), G_IO_IN);
    once out(*home, near.get(), G_IO_OUT);
    home->watch(in);
    home->watch(also_in);
    settle();
    home->watch(out);
    EXPECT_TRUE(until([&] { return out.calls > 0; }));
    EXPECT_EQ(out.ready, G_IO_OUT);
    EXPECT_EQ(in.calls, 0);

    far.write("x");
    EXPECT_TRUE(until([&] { return in.calls > 0 && also_in.calls > 0; }));
    EXPECT_EQ(in.ready, G_IO_IN);
    EXPECT_EQ(also_in.ready, G_IO_IN);
    settle();
    EXPECT_EQ(in.calls, 1);
    EXPECT_EQ(also_in.calls, 1);
    EXPECT_EQ(out.calls, 1);
}

TEST_F(fd_watch, the_end_of_one_watch_leaves_the_others_of_the_descriptor_in_place) {
    const auto [near, far] = descriptor_pair::sockets();
    for (int first_to_go = 0; first_to_go < 2; ++first_to_go) {
        once in(*home, near.get(), G_IO_IN);
        once priority(*home, near.get(), GIOCondition(G_IO_IN | G_IO_PRI));
        home->watch(in);
        home->watch(priority);
        once& gone = first_to_go == 0 ? in : priority;
        once& stays = first_to_go == 0 ? priority : in;
        home->unwatch(gone);
        far.write("x");
        EXPECT_TRUE(until([&] { return stays.calls > 0; }));
        EXPECT_EQ(gone.calls, 0);
        EXPECT_EQ(near.read(), "x");
    }
}

TEST_F(fd_watch, watches_of_one_descriptor_end_in_any_order_and_are_called_in_that_of_their_begin) {
    const auto [near, far] = descriptor_pair::sockets();
    far.write("x");
    std::string log;
    std::size_t logged_round = 0;
    std::vector<std::unique_ptr<watcher>> watches;
    const GIOCondition conditions[] = {G_IO_IN, G_IO_OUT, G_IO_PRI, GIOCondition(0),
                                       GIOCondition(G_IO_IN | G_IO_OUT)};
    for (char letter = 'a'; letter < 'k'; ++letter) {
        const auto wanted = conditions[std::size_t(letter - 'a') % std::size(conditions)];
        watches.push_back(std::make_unique<watcher>(near.get(), wanted, [&, letter](watcher&) {
            if (home->rounds() == logged_round)
                log += letter;
        }));
        home->watch(*watches.back());
    }
    const auto called = [&] {
        log.clear();
        logged_round = home->rounds() + 2; // a whole one
        EXPECT_TRUE(until([&] { return home->rounds() > logged_round; }));
        return log;
    };
    EXPECT_EQ(called(), "abefgj");
    // The first, the last, one in the middle; the last that waits for input alone.
    for (const auto& [gone, left] :
         {std::pair(0, "befgj"), std::pair(9, "befg"), std::pair(4, "bfg"), std::pair(5, "bg")}) {
        home->unwatch(*watches[std::size_t(gone)]);
        EXPECT_EQ(called(), left);
    }
    home->unwatch(*watches[1]);
    home->unwatch(*watches[6]);
    settle(); // nobody waits for what the socket is ready for
    for (const auto& each : watches)
        home->unwatch(*each);
}

TEST_F(fd_watch, a_condition_that_nobody_waits_for_any_more_keeps_nothing_awake) {
    const auto [near, far] = descriptor_pair::sockets();
    once in(*home, near.get(), G_IO_IN);
    once out(*home, near.get(), G_IO_OUT); // ready all the time
    home->watch(in);
    home->watch(out);
    home->unwatch(out);
    settle();
    EXPECT_FALSE(g_main_context_pending(context.get()));
    home->unwatch(in);
}

TEST_F(fd_watch, the_handler_is_called_again_as_long_as_the_descriptor_stays_ready) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("abc");
    std::string read;
    watcher one_by_one(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        char next = '?';
        EXPECT_EQ(::read(self.fd(), &next, 1), 1);
        read += next;
    });
    home->watch(one_by_one);
    EXPECT_TRUE(until([&] { return read == "abc"; }));
    settle();
    EXPECT_EQ(read, "abc");
    pipe.second.write("d");
    EXPECT_TRUE(until([&] { return read == "abcd"; }));
    home->unwatch(one_by_one);
}

TEST_F(fd_watch, the_handler_is_called_once_a_round) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    std::string log;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        log += 'w';
        if (log.size() > 100)
            home->unwatch(self);
    });
    home->watch(readable);
    action* again = nullptr;
    action round([&] {
        log += 'r';
        if (log.size() < 100)
            home->post(*again);
    });
    again = &round;
    home->post(round);
    EXPECT_TRUE(until([&] { return !readable.watching(); }));
    EXPECT_EQ(log.substr(0, 100).find("ww"), std::string::npos);
}

TEST_F(fd_watch, a_watch_can_end_and_begin_again_in_its_handler) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        home->unwatch(self);
        EXPECT_FALSE(self.queued());
        if (++calls < 3)
            home->watch(self);
    });
    home->watch(readable);
    EXPECT_TRUE(until([&] { return calls == 3; }));
    settle();
    EXPECT_EQ(calls, 3);
}

TEST_F(fd_watch, a_handler_may_end_a_watch_that_became_ready_in_the_same_round) {
    const auto first_pipe = descriptor_pair::pipe();
    const auto second_pipe = descriptor_pair::pipe();
    first_pipe.second.write("x");
    second_pipe.second.write("x");
    std::vector<std::unique_ptr<watcher>> watches;
    int calls = 0;
    const auto end_both = [&](watcher& self) {
        ++calls;
        for (auto& each : watches) {
            home->unwatch(*each);
            EXPECT_EQ(each->queued(), each.get() != &self && calls == 1);
        }
    };
    watches.push_back(std::make_unique<watcher>(first_pipe.first.get(), G_IO_IN, end_both));
    watches.push_back(std::make_unique<watcher>(second_pipe.first.get(), G_IO_IN, end_both));
    for (auto& each : watches)
        home->watch(*each);
    EXPECT_TRUE(until([&] { return calls == 2; })); // the call that was queued comes
    settle();
    EXPECT_EQ(calls, 2);
}

TEST_F(fd_watch, a_handler_may_destroy_its_watch) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    bool called = false;
    std::unique_ptr<watcher> own;
    own = std::make_unique<watcher>(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        home->unwatch(self);
        called = true;
        own.reset();
    });
    home->watch(*own);
    EXPECT_TRUE(until([&] { return called; }));
    EXPECT_FALSE(own);
}

TEST_F(fd_watch, a_descriptor_can_be_closed_after_its_watch_ended) {
    auto pipe = descriptor_pair::pipe();
    once readable(*home, pipe.first.get(), G_IO_IN);
    home->watch(readable);
    home->unwatch(readable);
    pipe.second.write("x");
    pipe.first.close();
    settle();
    EXPECT_EQ(readable.calls, 0);
    home->unwatch(readable); // has no effect
    EXPECT_FALSE(readable.watching());
}

TEST_F(fd_watch, a_regular_file_cannot_be_watched) {
    const descriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    once readable(*home, file.get(), G_IO_IN);
    EXPECT_EQ(refusal(readable), G_IO_ERROR_PERMISSION_DENIED);
}

TEST_F(fd_watch, what_is_no_descriptor_cannot_be_watched) {
    auto pipe = descriptor_pair::pipe();
    const int closed = pipe.first.get();
    pipe.first.close();
    for (const int fd : {closed, -1, -7}) {
        once readable(*home, fd, G_IO_IN);
        EXPECT_EQ(refusal(readable), g_io_error_from_errno(EBADF)) << fd;
    }
    EXPECT_FALSE(g_main_context_pending(context.get()));
}

TEST_F(fd_watch, a_descriptor_that_failed_to_be_watched_can_be_watched_once_it_is_good) {
    const descriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    once readable(*home, file.get(), G_IO_IN);
    refusal(readable);
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    ASSERT_EQ(dup3(pipe.first.get(), file.get(), O_CLOEXEC), file.get());
    home->watch(readable);
    EXPECT_TRUE(until([&] { return readable.calls > 0; }));
    EXPECT_EQ(readable.ready, G_IO_IN);
}

TEST_F(fd_watch, one_that_is_closed_while_it_is_watched_is_reported_invalid_and_let_go) {
    auto pipe = descriptor_pair::pipe();
    GIOCondition ready = GIOCondition(0);
    int calls = 0;
    watcher readable(pipe.first.get(), G_IO_IN, [&](watcher& self) {
        ready = self.ready();
        ++calls;
    });
    home->watch(readable);
    settle();
    pipe.first.close();
    EXPECT_TRUE(until([&] { return calls > 0; }));
    EXPECT_EQ(ready, G_IO_NVAL);
    EXPECT_FALSE(readable.watching());
    settle();
    EXPECT_EQ(calls, 1);
}

TEST_F(fd_watch, among_many_watched_descriptors_the_closed_ones_are_found_as_the_loop_turns) {
    std::vector<descriptor_pair> pipes;
    std::vector<std::unique_ptr<once>> watches;
    for (int index = 0; index < 20; ++index) {
        pipes.push_back(descriptor_pair::pipe());
        watches.push_back(std::make_unique<once>(*home, pipes.back().first.get(), G_IO_IN));
        home->watch(*watches.back());
    }
    for (const std::size_t index : {3u, 11u, 19u})
        pipes[index].first.close();
    alarm* again = nullptr;
    alarm tick([&] { home->start(*again, clock::now() + 100us); });
    again = &tick;
    home->start(tick, clock::now());
    EXPECT_TRUE(
        until([&] { return watches[3]->calls && watches[11]->calls && watches[19]->calls; }));
    home->cancel(tick);
    for (std::size_t index = 0; index < watches.size(); ++index) {
        const bool closed = index % 8 == 3;
        EXPECT_EQ(watches[index]->calls, closed) << index;
        EXPECT_EQ(watches[index]->ready, closed ? G_IO_NVAL : GIOCondition(0)) << index;
        home->unwatch(*watches[index]);
    }
}

TEST_F(fd_watch, a_number_that_was_closed_and_opened_again_is_watched_as_the_new_file) {
    auto old_pipe = descriptor_pair::pipe();
    const int number = old_pipe.first.get();
    once old_watch(*home, number, G_IO_IN);
    home->watch(old_watch);
    settle();

    const auto new_pipe = descriptor_pair::pipe();
    ASSERT_EQ(dup3(new_pipe.first.get(), number, O_CLOEXEC), number);
    once new_watch(*home, number, G_IO_IN);
    home->watch(new_watch);
    EXPECT_TRUE(until([&] { return old_watch.calls > 0; }));
    EXPECT_EQ(old_watch.ready, G_IO_NVAL);
    EXPECT_EQ(new_watch.calls, 0);
    EXPECT_TRUE(new_watch.watching());

    new_pipe.second.write("x");
    EXPECT_TRUE(until([&] { return new_watch.calls > 0; }));
    EXPECT_EQ(new_watch.ready, G_IO_IN);
    settle();
    EXPECT_EQ(old_watch.calls, 1);
}

TEST_F(fd_watch, a_number_that_was_closed_and_opened_again_is_found_without_a_new_watch) {
    auto old_pipe = descriptor_pair::pipe();
    once old_watch(*home, old_pipe.first.get(), G_IO_IN);
    home->watch(old_watch);
    settle();
    const auto new_pipe = descriptor_pair::pipe();
    new_pipe.second.write("x");
    ASSERT_GE(dup3(new_pipe.first.get(), old_pipe.first.get(), O_CLOEXEC), 0);
    EXPECT_TRUE(until([&] { return old_watch.calls > 0; }));
    EXPECT_EQ(old_watch.ready, G_IO_NVAL);
}

TEST_F(fd_watch, one_closed_under_its_watch_while_a_copy_stays_open_does_not_spin_the_loop) {
    auto pipe = descriptor_pair::pipe();
    const descriptor copy(fcntl(pipe.first.get(), F_DUPFD_CLOEXEC, 0)); // as a child process has
    once readable(*home, pipe.first.get(), G_IO_IN);
    home->watch(readable);
    settle();
    pipe.first.close();
    pipe.second.write("x");
    EXPECT_TRUE(until([&] { return readable.calls > 0; }));
    EXPECT_FALSE(readable.watching());
    int iterations = 0;
    while (iterations < 1000 && g_main_context_iteration(context.get(), FALSE))
        ++iterations;
    EXPECT_LT(iterations, 1000);
}

TEST_F(fd_watch, one_closed_under_its_watch_while_a_copy_stays_open_does_not_report_for_another) {
    const auto old_pipe = descriptor_pair::pipe();
    const auto new_pipe = descriptor_pair::pipe();
    const int number = old_pipe.first.get();
    const descriptor copy(fcntl(number, F_DUPFD_CLOEXEC, 0));
    once old_watch(*home, number, G_IO_IN);
    home->watch(old_watch);
    settle();
    ASSERT_EQ(dup3(new_pipe.first.get(), number, O_CLOEXEC), number);
    once new_watch(*home, number, G_IO_IN);
    home->watch(new_watch);
    old_pipe.second.write("x");
    settle();
    EXPECT_EQ(old_watch.ready, G_IO_NVAL);
    EXPECT_EQ(new_watch.calls, 0);
    new_pipe.second.write("x");
    EXPECT_TRUE(until([&] { return new_watch.calls == 1; }));
}

TEST_F(fd_watch, the_other_end_going_away_is_always_reported) {
    auto pipe = descriptor_pair::pipe();
    once reading(*home, pipe.first.get(), G_IO_IN);
    home->watch(reading);
    pipe.second.close();
    EXPECT_TRUE(until([&] { return reading.calls > 0; }));
    EXPECT_EQ(reading.ready, G_IO_HUP);

    auto other = descriptor_pair::pipe();
    other.second.fill();
    once writing(*home, other.second.get(), G_IO_OUT);
    home->watch(writing);
    other.first.close();
    EXPECT_TRUE(until([&] { return writing.calls > 0; }));
    EXPECT_TRUE(writing.ready & G_IO_ERR);

    auto [near, far] = descriptor_pair::sockets();
    once waiting_for_nothing(*home, near.get(), GIOCondition(0));
    home->watch(waiting_for_nothing);
    far.close();
    EXPECT_TRUE(until([&] { return waiting_for_nothing.calls > 0; }));
    EXPECT_TRUE(waiting_for_nothing.ready & G_IO_HUP);
}

TEST_F(fd_watch, the_handler_runs_with_the_priority_of_the_watch) {
    const auto pipe = descriptor_pair::pipe();
    pipe.second.write("x");
    std::string log;
    std::vector<std::unique_ptr<watcher>> watches;
    for (const auto& [letter, priority] :
         {std::pair('l', 10), std::pair('n', 0), std::pair('h', -10)}) {
        watches.push_back(std::make_unique<watcher>(pipe.first.get(), G_IO_IN,
                                                    [&log, this, letter](watcher& self) {
                                                        log += letter;
                                                        home->unwatch(self);
                                                    }));
        watches.back()->set_priority(priority);
        home->watch(*watches.back());
    }
    EXPECT_TRUE(until([&] { return log.size() == 3; }));
    EXPECT_EQ(log, "hnl");
}

TEST_F(fd_watch, more_descriptors_than_one_poll_reports_are_all_served) {
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    ASSERT_GE(limit.rlim_cur, 1000u);
    std::vector<descriptor_pair> pipes;
    std::vector<std::unique_ptr<once>> watches;
    std::size_t told = 0;
    for (int index = 0; index < 400; ++index) {
        pipes.push_back(descriptor_pair::pipe());
        pipes.back().second.write("x");
        watches.push_back(std::make_unique<once>(*home, pipes.back().first.get(), G_IO_IN));
        home->watch(*watches.back());
    }
    EXPECT_TRUE(until([&] {
        told = 0;
        for (const auto& each : watches)
            told += std::size_t(each->calls);
        return told >= watches.size();
    }));
    settle();
    for (const auto& each : watches)
        EXPECT_EQ(each->calls, 1);
}

struct left_registered : fd_watch {
    /// A watch of the reading end that leaves it registered, after it was told once.
    void watch_once(int fd, std::uintptr_t file) {
        once watch(*home, fd, G_IO_IN);
        watch.leave_registered(file);
        home->watch(watch);
        EXPECT_TRUE(until([&] { return watch.calls > 0; }));
        EXPECT_EQ(watch.ready, G_IO_IN);
    }

    bool is_registered(int fd, std::uintptr_t file) {
        once watch(*home, fd, G_IO_IN);
        watch.leave_registered(file);
        return home->is_registered(watch);
    }

    bool turns_for_ever() const {
        int iterations = 0;
        while (iterations < 1000 && g_main_context_iteration(context.get(), FALSE))
            ++iterations;
        return iterations == 1000;
    }

    descriptor_pair pipe = descriptor_pair::pipe();
    int number = pipe.first.get();
    int none = registrations();
};

TEST_F(left_registered, a_descriptor_is_watched_again_for_the_same_file_as_it_is) {
    pipe.second.write("x");
    watch_once(number, 1);
    EXPECT_EQ(pipe.first.read(), "x");
    EXPECT_EQ(registrations(), none + 1);
    EXPECT_TRUE(is_registered(number, 1));
    EXPECT_FALSE(is_registered(number, 2));
    EXPECT_FALSE(is_registered(number, 0));
    pipe.second.write("y");
    watch_once(number, 1);
    EXPECT_TRUE(is_registered(number, 1));
}

TEST_F(left_registered, a_descriptor_keeps_nothing_awake_and_is_let_go_once_it_is_readable) {
    pipe.second.write("x");
    watch_once(number, 1);
    EXPECT_FALSE(turns_for_ever());
    EXPECT_FALSE(is_registered(number, 1));
    EXPECT_EQ(registrations(), none);
    watch_once(number, 1); // and reported again to who waits
}

TEST_F(left_registered, what_hangs_up_with_nobody_there_is_let_go) {
    pipe.second.write("x");
    watch_once(number, 1);
    EXPECT_EQ(pipe.first.read(), "x");
    pipe.second.close();
    EXPECT_FALSE(turns_for_ever());
    EXPECT_EQ(registrations(), none);
}

TEST_F(left_registered, an_end_for_nobody_is_not_told_to_who_waits_for_something_else) {
    auto sockets = descriptor_pair::sockets();
    const int fd = sockets.first.get();
    sockets.second.write("x");
    watch_once(fd, 1);
    sockets.first.fill();
    once writable(*home, fd, G_IO_OUT);
    home->watch(writable);
    EXPECT_FALSE(turns_for_ever());
    EXPECT_EQ(writable.calls, 0);
    sockets.second.drain();
    EXPECT_TRUE(until([&] { return writable.calls == 1; }));
    EXPECT_EQ(writable.ready, G_IO_OUT);
    watch_once(fd, 1);
}

TEST_F(left_registered, a_wait_for_writing_leaves_the_registration_for_reading) {
    auto sockets = descriptor_pair::sockets();
    const int fd = sockets.first.get();
    sockets.second.write("x");
    watch_once(fd, 1);
    sockets.first.drain();
    once writable(*home, fd, G_IO_OUT);
    writable.leave_registered(1);
    home->watch(writable);
    EXPECT_TRUE(until([&] { return writable.calls == 1; }));
    EXPECT_TRUE(is_registered(fd, 1));
    EXPECT_FALSE(turns_for_ever());
}

TEST_F(left_registered, a_number_that_was_closed_and_opened_again_is_watched_as_the_new_file) {
    for (const std::uintptr_t file : {std::uintptr_t(0), std::uintptr_t(2)}) {
        pipe.second.write("x");
        watch_once(number, 1);
        pipe.first.read();
        auto fresh = descriptor_pair::pipe();
        ASSERT_EQ(dup3(fresh.first.get(), number, O_CLOEXEC), number);
        once watch(*home, number, G_IO_IN);
        watch.leave_registered(file);
        home->watch(watch);
        settle();
        EXPECT_EQ(watch.calls, 0);
        fresh.second.write("x");
        EXPECT_TRUE(until([&] { return watch.calls == 1; }));
        EXPECT_EQ(watch.ready, G_IO_IN);
        pipe.first.read();
        pipe.second = std::move(fresh.second);
    }
}

TEST_F(left_registered,
       a_copy_of_a_closed_descriptor_neither_spins_the_loop_nor_reports_for_another) {
    const descriptor copy(fcntl(number, F_DUPFD_CLOEXEC, 0)); // as a child process has
    pipe.second.write("x");
    watch_once(number, 1);
    pipe.first.read();
    pipe.first.close();
    pipe.second.write("x");
    EXPECT_FALSE(turns_for_ever());
    EXPECT_EQ(registrations(), none);
    pipe.first = descriptor(fcntl(copy.get(), F_DUPFD_CLOEXEC, number));
    ASSERT_EQ(pipe.first.get(), number);
    watch_once(number, 2);
}

TEST_F(left_registered, a_descriptor_is_watched_anew_in_a_child_process) {
    pipe.second.write("x");
    watch_once(number, 1);
    pipe.first.read();
    const pid_t child = test::in_child([&] {
        once watch(*home, number, G_IO_IN);
        watch.leave_registered(1);
        home->watch(watch);
        pipe.second.write("x");
        return until([&] { return watch.calls == 1; });
    });
    EXPECT_TRUE(test::succeeded(child));
}

TEST_F(left_registered, a_watch_that_ends_unheard_leaves_it_too) {
    once watch(*home, number, G_IO_IN);
    watch.leave_registered(1);
    home->watch(watch);
    home->unwatch(watch);
    EXPECT_TRUE(is_registered(number, 1));
    once other(*home, number, G_IO_IN);
    home->watch(other);
    home->unwatch(other); // which does not
    EXPECT_EQ(registrations(), none);
}

} // namespace
} // namespace gawait
