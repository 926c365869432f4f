#include "gawait/fd.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/when_all.hpp"
#include "gawait/yield.hpp"
#include "support/descriptors.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <limits>
#include <string>
#include <thread>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using test::descriptor;
using test::descriptor_pair;

/// A connection over the loopback interface.
descriptor_pair tcp_connection() {
    const descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof(address);
    descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listening.get(), any, length) < 0 || ::listen(listening.get(), 1) < 0 ||
        ::getsockname(listening.get(), any, &length) < 0 ||
        ::connect(client.get(), any, length) < 0)
        throw std::system_error(errno, std::generic_category(), "no TCP on loopback");
    descriptor server(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return {std::move(client), std::move(server)};
}

TEST(fd, that_is_readable_already_is_reported) {
    const test::own_context context;
    const auto ends = descriptor_pair::pipe();
    ASSERT_TRUE(ends.second.write("x"));
    EXPECT_EQ(run(readable(ends.first.get())), G_IO_IN);
}

TEST(fd, is_waited_for_until_it_is_readable) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(readable(ends.first.get()));
        co_await sleep_for(2ms);
        EXPECT_FALSE(waiting.done());
        EXPECT_TRUE(ends.second.write("hello"));
        const GIOCondition ready = co_await waiting;
        EXPECT_EQ(ready, G_IO_IN);
        EXPECT_EQ(ends.first.read(), "hello");
    };
    run(body());
}

TEST(fd, is_waited_for_until_it_is_writable) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        GIOCondition ready = co_await writable(ends.first.get());
        EXPECT_EQ(ready, G_IO_OUT);
        ends.first.fill();
        const auto waiting = spawn(writable(ends.first.get()));
        co_await sleep_for(2ms);
        EXPECT_FALSE(waiting.done());
        ends.second.drain();
        ready = co_await waiting;
        EXPECT_EQ(ready, G_IO_OUT);
    };
    run(body());
}

TEST(fd, gives_all_that_it_is_ready_for_and_nothing_that_was_not_asked_for) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    ASSERT_TRUE(ends.second.write("x"));
    EXPECT_EQ(run(fd_ready(ends.first.get(), GIOCondition(G_IO_IN | G_IO_OUT))),
              GIOCondition(G_IO_IN | G_IO_OUT));
    EXPECT_EQ(run(fd_ready(ends.first.get(), G_IO_OUT)), G_IO_OUT);
}

TEST(fd, reports_that_the_other_end_hung_up) {
    const test::own_context context;
    auto ends = descriptor_pair::pipe();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(readable(ends.first.get()));
        co_await yield();
        ends.second.close();
        const GIOCondition ready = co_await waiting;
        EXPECT_EQ(ready, G_IO_HUP);
    };
    run(body());
}

TEST(fd, reports_an_error) {
    const test::own_context context;
    auto ends = descriptor_pair::pipe();
    ends.second.fill();
    ends.first.close();
    EXPECT_TRUE(run(writable(ends.second.get())) & G_IO_ERR);
}

TEST(fd, reports_urgent_data) {
    const test::own_context context;
    const auto ends = tcp_connection();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(fd_ready(ends.first.get(), G_IO_PRI));
        co_await yield();
        EXPECT_EQ(::send(ends.second.get(), "!", 1, MSG_OOB), 1);
        const GIOCondition ready = co_await waiting;
        EXPECT_EQ(ready, G_IO_PRI);
    };
    run(body());
}

TEST(fd, of_a_regular_file_is_always_ready) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto path = directory.path() / "file";
    const descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(run(readable(file.get())), G_IO_IN);
    EXPECT_EQ(run(writable(file.get())), G_IO_OUT);
}

TEST(fd, of_a_regular_file_does_not_hide_a_cancellation) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto path = directory.path() / "file";
    const descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await readable(file.get());
    };
    EXPECT_THROW(run(body()), cancelled);
}

TEST(fd, may_be_waited_for_by_several_tasks) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    ends.first.fill();
    const auto body = [&]() -> task<> {
        const auto reading = spawn(readable(ends.first.get()));
        const auto reading_too = spawn(readable(ends.first.get()));
        const auto writing = spawn(writable(ends.first.get()));
        co_await sleep_for(1ms);
        EXPECT_FALSE(reading.done() || reading_too.done() || writing.done());
        EXPECT_TRUE(ends.second.write("x"));
        GIOCondition ready = co_await reading;
        EXPECT_EQ(ready, G_IO_IN);
        ready = co_await reading_too;
        EXPECT_EQ(ready, G_IO_IN);
        EXPECT_FALSE(writing.done());
        ends.second.drain();
        ready = co_await writing;
        EXPECT_EQ(ready, G_IO_OUT);
    };
    run(body());
}

TEST(fd, of_which_one_wait_is_cancelled_is_still_watched_for_the_others) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto first = spawn(readable(ends.first.get()));
        const auto second = spawn(readable(ends.first.get()));
        const auto third = spawn(readable(ends.first.get()));
        co_await yield();
        second.cancel();
        EXPECT_TRUE((co_await as_result(second)).was_cancelled());
        EXPECT_TRUE(ends.second.write("x"));
        GIOCondition ready = co_await first;
        EXPECT_EQ(ready, G_IO_IN);
        ready = co_await third;
        EXPECT_EQ(ready, G_IO_IN);
    };
    run(body());
}

TEST(fd, stays_the_callers) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 3; ++round) {
            EXPECT_TRUE(ends.second.write("x"));
            co_await readable(ends.first.get());
            EXPECT_EQ(ends.first.read(), "x");
        }
    };
    run(body());
}

TEST(fd, whose_wait_is_cancelled_throws_cancelled) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(readable(ends.first.get()));
        co_await yield();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        // and it may be closed, or waited for again
        EXPECT_TRUE(ends.second.write("x"));
        const GIOCondition ready = co_await readable(ends.first.get());
        EXPECT_EQ(ready, G_IO_IN);
    };
    run(body());
}

TEST(fd, whose_wait_is_cancelled_from_another_thread_throws_cancelled) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(readable(ends.first.get()));
        co_await yield();
        const std::jthread canceller([&] { waiting.cancel(); });
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
    };
    run(body());
}

TEST(fd, awaited_by_a_cancelled_task_throws_cancelled_even_if_it_is_ready) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        co_await writable(ends.first.get());
    };
    EXPECT_THROW(run(body()), cancelled);
}

TEST(fd, that_becomes_ready_while_its_wait_is_cancelled_is_reported_or_cancelled_once) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 500; ++round) {
            const auto waiting = spawn(readable(ends.first.get()));
            co_await yield();
            EXPECT_TRUE(ends.second.write("x"));
            if (round % 2)
                co_await sleep_for(std::chrono::microseconds(round));
            waiting.cancel();
            auto outcome = co_await as_result(waiting);
            EXPECT_TRUE(outcome.was_cancelled() || *outcome == G_IO_IN);
            EXPECT_EQ(ends.first.read(), "x");
        }
    };
    run(body());
}

TEST(fd, that_is_closed_while_it_is_awaited_throws_closed) {
    const test::own_context context;
    auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto reading = spawn(readable(ends.first.get()));
        const auto writing = spawn(fd_ready(ends.first.get(), G_IO_PRI));
        co_await yield();
        ends.first.close();
        while (!reading.done() || !writing.done())
            co_await sleep_for(1ms); // it is noticed as the loop goes round
        auto outcome = co_await as_result(reading);
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
        outcome = co_await as_result(writing);
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST(fd, whose_number_is_used_again_ends_the_older_wait_and_begins_the_new_one) {
    const test::own_context context;
    auto ends = descriptor_pair::sockets();
    const auto other = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        const auto older = spawn(readable(ends.first.get()));
        co_await yield();
        const int number = ends.first.get();
        ends.first.close();
        const descriptor again(::dup3(other.first.get(), number, O_CLOEXEC));
        const auto newer = spawn(readable(number));
        auto outcome = co_await as_result(older);
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_CLOSED));
        EXPECT_FALSE(newer.done());
        EXPECT_TRUE(other.second.write("x"));
        const GIOCondition ready = co_await newer;
        EXPECT_EQ(ready, G_IO_IN);
    };
    run(body());
}

TEST(fd, that_is_bad_to_begin_with_throws_the_error_of_its_errno) {
    const test::own_context context;
    const auto home = engine::get(); // so that its own descriptors do not take the closed number
    auto ends = descriptor_pair::sockets();
    const int closed = ends.first.get();
    ends.first.close();
    for (const int bad : {-1, closed, std::numeric_limits<int>::max()}) {
        try {
            run(readable(bad));
            ADD_FAILURE() << bad << " was found ready";
        } catch (const error& failure) {
            EXPECT_TRUE(failure.matches(g_io_error_from_errno(EBADF))) << failure.what();
        }
    }
}

TEST(fd, that_is_bad_leaves_the_task_able_to_go_on) {
    const test::own_context context;
    const auto ends = descriptor_pair::sockets();
    const auto body = [&]() -> task<> {
        EXPECT_TRUE((co_await as_result(readable(-1))).has_error());
        const GIOCondition ready = co_await writable(ends.first.get());
        EXPECT_EQ(ready, G_IO_OUT);
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request(); // must not find the failed wait any more
        EXPECT_TRUE((co_await as_result(yield())).was_cancelled());
    };
    run(body());
}

} // namespace
} // namespace gawait
