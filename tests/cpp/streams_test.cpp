#include "gawait/streams.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/when_all.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/failure_of.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"
#include "support/registrations.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <malloc.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using test::connection;
using test::descriptor_pair;
using test::pipe_streams;
using test::registrations;

struct streams : testing::Test {
    test::own_context context;

    /// Reads once, as text.
    static task<std::string> text_from(GInputStream* stream, std::size_t most = 100) {
        std::string text(most, '\0');
        const gssize got = co_await read_from(stream, text);
        text.resize(std::size_t(got));
        co_return text;
    }

    /// What an await ended with, of which that is expected.
    template <class T> static bool failed(const result<T>& outcome, GIOErrorEnum code) {
        return outcome.has_error() && outcome.error().matches(code);
    }
};

// Reading --------------------------------------------------------------------------

TEST_F(streams, give_what_there_is_at_once) {
    const connection ends;
    ends.far.write("hello");
    EXPECT_EQ(run(text_from(ends.input())), "hello");
    const pipe_streams pipe;
    pipe.far.write("hello");
    EXPECT_EQ(run(text_from(pipe.input)), "hello");
}

TEST_F(streams, are_waited_for_until_something_comes) {
    const connection ends;
    const pipe_streams pipe;
    const auto body = [&](GInputStream* stream, const test::descriptor& far) -> task<> {
        for (int round = 0; round < 3; ++round) {
            const auto waiting = spawn(text_from(stream));
            co_await sleep_for(2ms);
            EXPECT_FALSE(waiting.done());
            far.write("hello");
            EXPECT_EQ((co_await waiting), "hello");
        }
    };
    run(body(ends.input(), ends.far));
    run(body(pipe.input, pipe.far));
}

TEST_F(streams, give_at_most_what_was_asked_for_and_then_the_rest) {
    const connection ends;
    ends.far.write("hello world");
    EXPECT_EQ(run(text_from(ends.input(), 5)), "hello");
    EXPECT_EQ(run(text_from(ends.input(), 1)), " ");
    EXPECT_EQ(run(text_from(ends.input(), 100)), "world");
}

TEST_F(streams, give_nothing_at_their_end) {
    connection ends;
    ends.far.write("last");
    ends.far.close();
    EXPECT_EQ(run(text_from(ends.input())), "last");
    EXPECT_EQ(run(text_from(ends.input())), "");
    EXPECT_EQ(run(text_from(ends.input())), "");
}

TEST_F(streams, that_end_while_they_are_awaited_give_nothing) {
    pipe_streams pipe;
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(text_from(pipe.input));
        co_await sleep_for(1ms);
        pipe.far.close();
        EXPECT_EQ((co_await waiting), "");
    };
    run(body());
}

TEST_F(streams, fill_a_buffer_however_it_comes) {
    connection ends;
    const auto body = [&]() -> task<> {
        std::string text(10, '.');
        const auto waiting = spawn(read_all_from(ends.input(), text));
        for (const auto piece : {"ab"sv, "cde"sv, "f"sv, "ghij"sv}) {
            EXPECT_FALSE(waiting.done());
            ends.far.write(piece);
            co_await sleep_for(1ms);
        }
        EXPECT_EQ((co_await waiting), 10U);
        EXPECT_EQ(text, "abcdefghij");
        ends.far.write("end");
        ends.far.close();
        const gsize rest = co_await read_all_from(ends.input(), text);
        EXPECT_EQ(rest, 3U);
        EXPECT_EQ(text, "enddefghij");
    };
    run(body());
}

TEST_F(streams, give_bytes) {
    connection ends;
    ends.far.write("bytes");
    const auto body = [&]() -> task<> {
        ref<GBytes> bytes = co_await read_bytes_from(ends.input(), 100);
        gsize size = 0;
        const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
        EXPECT_EQ(std::string_view(data, size), "bytes");
        ends.far.close();
        bytes = co_await read_bytes_from(ends.input(), 100);
        EXPECT_EQ(g_bytes_get_size(bytes), 0U);
    };
    run(body());
}

TEST_F(streams, skip_until_enough_or_the_end) {
    connection ends;
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(skip_in(ends.input(), 10'000));
        ends.far.write(std::string(9'000, 'x'));
        co_await sleep_for(1ms);
        EXPECT_FALSE(waiting.done());
        ends.far.write(std::string(1'000, 'x') + "rest");
        EXPECT_EQ((co_await waiting), 10'000);
        EXPECT_EQ((co_await text_from(ends.input())), "rest");
        ends.far.write("end");
        ends.far.close();
        const gssize skipped = co_await skip_in(ends.input(), 10'000);
        EXPECT_EQ(skipped, 3);
    };
    run(body());
}

// Writing --------------------------------------------------------------------------

TEST_F(streams, take_what_is_written) {
    const connection ends;
    const pipe_streams pipe;
    const auto body = [&]() -> task<> {
        const gssize some = co_await write_to(ends.output(), "some "s);
        EXPECT_EQ(some, 5);
        const gsize all = co_await write_all_to(ends.output(), "all "sv);
        EXPECT_EQ(all, 4U);
        const auto bytes = ref<GBytes>::adopt(g_bytes_new("bytes", 5));
        const gssize of_bytes = co_await write_bytes_to(ends.output(), bytes);
        EXPECT_EQ(of_bytes, 5);
        EXPECT_EQ(ends.far.read(), "some all bytes");
        const gsize in_pipe = co_await write_all_to(pipe.output, "pipe"sv);
        EXPECT_EQ(in_pipe, 4U);
        EXPECT_EQ((co_await text_from(pipe.other_input)), "pipe");
    };
    run(body());
}

TEST_F(streams, are_written_to_as_fast_as_the_other_end_reads) {
    const connection ends;
    const std::string text(3'000'000, 'x');
    const auto body = [&]() -> task<> {
        const auto writing = spawn(write_all_to(ends.output(), text));
        co_await sleep_for(1ms);
        EXPECT_FALSE(writing.done());
        std::size_t received = 0;
        while (received < text.size()) {
            received += ends.far.read().size();
            co_await yield();
        }
        EXPECT_EQ((co_await writing), text.size());
    };
    run(body());
}

TEST_F(streams, that_are_full_take_some_once_there_is_room) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const std::string block(1000, 'x');
        while (g_pollable_output_stream_write_nonblocking(G_POLLABLE_OUTPUT_STREAM(ends.output()),
                                                          block.data(), block.size(), nullptr,
                                                          nullptr) > 0) {
        }
        const auto waiting = spawn(write_to(ends.output(), std::string(100'000, 'y')));
        co_await sleep_for(2ms);
        EXPECT_FALSE(waiting.done());
        ends.far.drain();
        EXPECT_GT((co_await waiting), 0);
    };
    run(body());
}

TEST_F(streams, over_a_descriptor_that_blocks_do_not_hold_up_the_loop) {
    const auto body = []() -> task<> {
        const pipe_streams pipe;
        const int fd = g_unix_output_stream_get_fd(G_UNIX_OUTPUT_STREAM(pipe.output.get()));
        EXPECT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
        const std::string much(1'000'000, 'x'); // more than a pipe holds
        const auto full = co_await as_result(with_timeout(10ms, write_all_to(pipe.output, much)));
        EXPECT_TRUE(failed(full, G_IO_ERROR_TIMED_OUT));
        std::string taken(65536, '.');
        EXPECT_EQ(co_await read_all_from(pipe.other_input, taken), taken.size());
        const auto writing = spawn(write_all_to(pipe.output, std::string_view(much)));
        std::string rest(much.size(), '.');
        EXPECT_EQ(co_await read_all_from(pipe.other_input, rest), rest.size());
        EXPECT_EQ(co_await writing, much.size());
    };
    run(body());
}

TEST_F(streams, are_read_and_written_at_the_same_time) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto reading = spawn(text_from(ends.input()));
        const auto writing = spawn(write_all_to(ends.output(), std::string(2'000'000, 'x')));
        co_await yield();
        ends.far.write("while it writes");
        EXPECT_EQ((co_await reading), "while it writes");
        EXPECT_FALSE(writing.done());
        while (!writing.done()) {
            ends.far.drain();
            co_await yield();
        }
        EXPECT_EQ((co_await writing), 2'000'000U);
    };
    run(body());
}

TEST_F(streams, whose_other_end_has_gone_fail_as_GIO_does) {
    connection ends;
    ends.far.close();
    const auto body = [&]() -> task<> {
        const auto outcome = co_await as_result(write_all_to(ends.output(), "x"sv));
        EXPECT_TRUE(failed(outcome, G_IO_ERROR_BROKEN_PIPE));
    };
    run(body());
}

TEST_F(streams, whose_other_end_goes_while_they_are_written_to_fail_as_GIO_does) {
    connection ends;
    const auto body = [&]() -> task<> {
        const auto writing = spawn(write_all_to(ends.output(), std::string(3'000'000, 'x')));
        co_await sleep_for(1ms);
        ends.far.close();
        const auto outcome = co_await as_result(writing);
        EXPECT_TRUE(failed(outcome, G_IO_ERROR_BROKEN_PIPE));
        EXPECT_FALSE(g_output_stream_has_pending(ends.output()));
    };
    run(body());
}

// Pending and closed ---------------------------------------------------------------

TEST_F(streams, have_an_operation_pending_while_they_are_awaited) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto reading = spawn(text_from(ends.input()));
        const auto writing = spawn(write_all_to(ends.output(), std::string(1'000'000, 'x')));
        co_await sleep_for(1ms);
        EXPECT_TRUE(g_input_stream_has_pending(ends.input()));
        EXPECT_TRUE(g_output_stream_has_pending(ends.output()));
        while (!writing.done()) {
            ends.far.drain();
            co_await yield();
        }
        EXPECT_FALSE(g_output_stream_has_pending(ends.output()));
        ends.far.write("x");
        EXPECT_EQ((co_await reading), "x");
        EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
    };
    run(body());
}

TEST_F(streams, that_are_awaited_already_say_so) {
    const connection ends;
    const auto body = [&]() -> task<> {
        std::string buffer(10, '.');
        const auto first = spawn(text_from(ends.input()));
        co_await yield();
        EXPECT_TRUE(
            failed(co_await as_result(read_from(ends.input(), buffer)), G_IO_ERROR_PENDING));
        EXPECT_TRUE(
            failed(co_await as_result(read_bytes_from(ends.input(), 1)), G_IO_ERROR_PENDING));
        EXPECT_TRUE(failed(co_await as_result(skip_in(ends.input(), 1)), G_IO_ERROR_PENDING));
        ends.far.write("first");
        EXPECT_EQ((co_await first), "first");
        EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
        const auto writing = spawn(write_all_to(ends.output(), std::string(1'000'000, 'x')));
        co_await yield();
        EXPECT_TRUE(failed(co_await as_result(write_to(ends.output(), "x"sv)), G_IO_ERROR_PENDING));
        writing.cancel();
        EXPECT_TRUE((co_await as_result(writing)).was_cancelled());
        EXPECT_FALSE(g_output_stream_has_pending(ends.output()));
    };
    run(body());
}

TEST_F(streams, that_were_closed_say_so) {
    const connection ends;
    ends.far.write("unread");
    const auto body = [&]() -> task<> {
        EXPECT_TRUE(g_io_stream_close(ends.stream(), nullptr, nullptr));
        std::string buffer(10, '.');
        EXPECT_TRUE(failed(co_await as_result(read_from(ends.input(), buffer)), G_IO_ERROR_CLOSED));
        EXPECT_TRUE(failed(co_await as_result(write_to(ends.output(), "x"sv)), G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST_F(streams, whose_socket_is_closed_while_they_are_awaited_say_so) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto reading = spawn(text_from(ends.input()));
        const auto writing = spawn(write_all_to(ends.output(), std::string(1'000'000, 'x')));
        co_await yield();
        // As of GIO's own operations, which it does not wait for.
        EXPECT_TRUE(g_io_stream_close(ends.stream(), nullptr, nullptr));
        EXPECT_TRUE(failed(co_await as_result(reading), G_IO_ERROR_CLOSED));
        EXPECT_TRUE(failed(co_await as_result(writing), G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST_F(streams, of_many_closed_at_once_all_say_so) {
    std::vector<connection> many(100);
    const auto body = [&]() -> task<> {
        std::vector<join_handle<std::string>> waiting;
        for (const connection& each : many)
            waiting.push_back(spawn(text_from(each.input())));
        co_await yield();
        for (const connection& each : many)
            g_socket_close(each.socket(), nullptr);
        for (const auto& each : waiting)
            EXPECT_TRUE(failed(co_await as_result(each), G_IO_ERROR_CLOSED));
    };
    run(body());
}

TEST_F(streams, whose_socket_is_shut_down_while_they_are_awaited_give_nothing) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto reading = spawn(text_from(ends.input()));
        co_await yield();
        EXPECT_TRUE(g_socket_shutdown(ends.socket(), TRUE, FALSE, nullptr));
        EXPECT_EQ((co_await reading), "");
    };
    run(body());
}

TEST_F(streams, of_a_pipe_cannot_be_closed_while_they_are_awaited) {
    const pipe_streams pipe;
    const auto body = [&]() -> task<> {
        const auto reading = spawn(text_from(pipe.input));
        co_await yield();
        GError* refused = nullptr;
        EXPECT_FALSE(g_input_stream_close(pipe.input, nullptr, &refused));
        EXPECT_TRUE(error(refused).matches(G_IO_ERROR_PENDING));
        pipe.far.write("x");
        EXPECT_EQ((co_await reading), "x");
        EXPECT_TRUE(g_input_stream_close(pipe.input, nullptr, nullptr));
    };
    run(body());
}

TEST_F(streams, stay_alive_while_they_are_awaited) {
    const auto body = [&]() -> task<> {
        std::optional<pipe_streams> pipe(std::in_place);
        const auto reading = spawn(text_from(pipe->input));
        co_await yield();
        pipe->input = {};
        pipe->far.write("x");
        EXPECT_EQ((co_await reading), "x");
    };
    run(body());
}

// Errors in arguments --------------------------------------------------------------

TEST_F(streams, that_are_null_are_an_error) {
    std::string buffer(10, '.');
    GInputStream* const none = nullptr;
    EXPECT_EQ(test::failure_of(read_from(none, buffer)),
              "g_input_stream_read_async: an argument is null and must not be, is a string with a "
              "NUL within, or is too long");
}

TEST_F(streams, asked_for_nothing_give_nothing_at_once) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const gssize got = co_await skip_in(ends.input(), 0);
        EXPECT_EQ(got, 0);
        std::array<char, 1> one{};
        const gsize none = co_await read_all_from(ends.input(), std::span(one).first(0));
        EXPECT_EQ(none, 0U);
        const gsize put = co_await write_all_to(ends.output(), ""sv);
        EXPECT_EQ(put, 0U);
    };
    run(body());
}

TEST_F(streams, asked_for_more_than_there_can_be_say_so) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto outcome = co_await as_result(skip_in(ends.input(), gsize(G_MAXSSIZE) + 1));
        EXPECT_TRUE(failed(outcome, G_IO_ERROR_INVALID_ARGUMENT));
    };
    run(body());
}

// Cancellation ---------------------------------------------------------------------

TEST_F(streams, awaited_by_a_cancelled_task_are_left_as_they_are) {
    const connection ends;
    ends.far.write("unread");
    const auto body = [&]() -> task<> {
        const detail::environment& env = co_await detail::current_environment();
        env.cancel->request();
        EXPECT_TRUE((co_await as_result(text_from(ends.input()))).was_cancelled());
        EXPECT_TRUE((co_await as_result(write_to(ends.output(), "x"sv))).was_cancelled());
        EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
    };
    [[maybe_unused]] const auto ended = run(as_result(body()));
    EXPECT_EQ(ends.far.read(), "");
    EXPECT_EQ(run(text_from(ends.input())), "unread");
}

TEST_F(streams, whose_await_is_cancelled_can_be_awaited_again) {
    const connection ends;
    const pipe_streams pipe;
    const auto body = [&](GInputStream* stream, const test::descriptor& far) -> task<> {
        const auto waiting = spawn(text_from(stream));
        co_await yield();
        waiting.cancel();
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        EXPECT_FALSE(g_input_stream_has_pending(stream));
        far.write("after");
        EXPECT_EQ((co_await text_from(stream)), "after");
    };
    run(body(ends.input(), ends.far));
    run(body(pipe.input, pipe.far));
}

TEST_F(streams, whose_await_is_cancelled_from_another_thread_end) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto waiting = spawn(text_from(ends.input()));
        co_await yield();
        const std::jthread canceller([&] { waiting.cancel(); });
        EXPECT_TRUE((co_await as_result(waiting)).was_cancelled());
        EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
    };
    run(body());
}

TEST_F(streams, that_become_ready_while_their_await_is_cancelled_lose_nothing) {
    const connection ends;
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 500; ++round) {
            const auto waiting = spawn(text_from(ends.input()));
            co_await yield();
            ends.far.write("x");
            if (round % 2)
                co_await sleep_for(std::chrono::microseconds(round));
            waiting.cancel();
            const auto outcome = co_await as_result(waiting);
            if (outcome.was_cancelled())
                EXPECT_EQ((co_await text_from(ends.input())), "x");
            else
                EXPECT_EQ(*outcome, "x");
            EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
        }
    };
    run(body());
}

TEST_F(streams, of_a_worse_priority_that_become_ready_while_they_are_cancelled_lose_nothing) {
    const connection ends;
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 100; ++round) {
            std::array<char, 1> byte{};
            const auto waiting = spawn(read_from(ends.input(), byte, {.priority = G_PRIORITY_LOW}));
            co_await yield();
            ends.far.write("x");
            if (round % 2)
                co_await sleep_for(std::chrono::microseconds(10 * round));
            waiting.cancel();
            const auto outcome = co_await as_result(waiting);
            if (outcome.was_cancelled())
                EXPECT_EQ((co_await text_from(ends.input())), "x");
            else
                EXPECT_EQ(*outcome, 1);
            EXPECT_FALSE(g_input_stream_has_pending(ends.input()));
        }
    };
    run(body());
}

TEST_F(streams, whose_await_times_out_can_be_awaited_again) {
    const connection ends;
    const auto body = [&]() -> task<> {
        std::string buffer(10, '.');
        auto outcome = co_await as_result(with_timeout(1ms, read_from(ends.input(), buffer)));
        EXPECT_TRUE(failed(outcome, G_IO_ERROR_TIMED_OUT));
        ends.far.write("late");
        EXPECT_EQ((co_await text_from(ends.input())), "late");
    };
    run(body());
}

TEST_F(streams, whose_skipping_is_cancelled_say_how_far_it_came) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto nothing = spawn(skip_in(ends.input(), 10));
        co_await yield();
        nothing.cancel();
        EXPECT_TRUE((co_await as_result(nothing)).was_cancelled());
        const auto some = spawn(skip_in(ends.input(), 10));
        ends.far.write("some");
        co_await sleep_for(1ms);
        some.cancel();
        EXPECT_EQ((co_await some), 4);
    };
    run(body());
}

TEST_F(streams, whose_writing_is_cancelled_have_written_a_part) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto writing = spawn(write_all_to(ends.output(), std::string(3'000'000, 'x')));
        co_await yield();
        writing.cancel();
        EXPECT_TRUE((co_await as_result(writing)).was_cancelled());
        EXPECT_FALSE(g_output_stream_has_pending(ends.output()));
        EXPECT_NE(ends.far.read(), "");
    };
    run(body());
}

// What else GIO promises -----------------------------------------------------------

TEST_F(streams, of_a_socket_with_a_time_limit_heed_it) {
    const connection ends;
    g_socket_set_timeout(ends.socket(), 1);
    const auto body = [&]() -> task<> {
        const auto outcome = co_await as_result(text_from(ends.input()));
        EXPECT_TRUE(failed(outcome, G_IO_ERROR_TIMED_OUT));
        g_socket_set_timeout(ends.socket(), 0);
        ends.far.write("x");
        EXPECT_EQ((co_await text_from(ends.input())), "x");
    };
    run(body());
}

TEST_F(streams, are_served_by_their_io_priority) {
    const connection low, high;
    std::string log;
    const auto body = [&]() -> task<> {
        const auto read = [&](const connection& of, char letter, int priority) -> task<> {
            std::array<char, 1> byte{};
            co_await read_from(of.input(), byte, {.priority = priority});
            log += letter;
        };
        const auto reading_low = spawn(read(low, 'l', G_PRIORITY_LOW));
        const auto reading_high = spawn(read(high, 'h', G_PRIORITY_HIGH));
        co_await yield();
        low.far.write("x");
        high.far.write("x");
        co_await reading_low;
        co_await reading_high;
    };
    run(body());
    EXPECT_EQ(log, "hl");
}

TEST_F(streams, are_awaited_in_one_context_after_another) {
    const connection ends;
    const auto once = [&]() -> task<> {
        const auto waiting = spawn(text_from(ends.input()));
        co_await sleep_for(1ms);
        ends.far.write("x");
        EXPECT_EQ((co_await waiting), "x");
    };
    run(once());
    std::thread([&] {
        const test::own_context other;
        run(once());
        run(once());
    }).join();
    run(once());
}

TEST_F(streams, with_a_number_that_was_closed_and_opened_again_are_those_of_the_new_file) {
    const auto body = [&]() -> task<> {
        int number = -1;
        for (int round = 0; round < 3; ++round) {
            const connection ends;
            EXPECT_TRUE(number < 0 || g_socket_get_fd(ends.socket()) == number);
            number = g_socket_get_fd(ends.socket());
            const auto waiting = spawn(text_from(ends.input()));
            co_await yield();
            ends.far.write("x");
            EXPECT_EQ((co_await waiting), "x");
        }
    };
    run(body());
}

TEST_F(streams, that_leave_their_descriptor_to_others_bear_that_it_is_replaced) {
    auto old_pipe = descriptor_pair::pipe();
    const auto new_pipe = descriptor_pair::pipe();
    const int number = old_pipe.first.get();
    const auto stream = ref<GInputStream>::adopt(g_unix_input_stream_new(number, FALSE));
    const auto body = [&]() -> task<> {
        const auto first = spawn(text_from(stream));
        co_await yield();
        old_pipe.second.write("old");
        EXPECT_EQ((co_await first), "old");
        EXPECT_EQ(dup3(new_pipe.first.get(), number, O_CLOEXEC), number);
        const auto second = spawn(text_from(stream));
        co_await sleep_for(1ms);
        EXPECT_FALSE(second.done());
        new_pipe.second.write("new");
        EXPECT_EQ((co_await second), "new");
    };
    run(body());
}

// The usual way --------------------------------------------------------------------

TEST_F(streams, in_memory_are_awaited_as_by_GIO) {
    const auto body = [&]() -> task<> {
        const auto input =
            ref<GInputStream>::adopt(g_memory_input_stream_new_from_data("memory", 6, nullptr));
        EXPECT_EQ((co_await text_from(input, 3)), "mem");
        const gssize skipped = co_await skip_in(input, 1);
        EXPECT_EQ(skipped, 1);
        EXPECT_EQ((co_await text_from(input)), "ry");
        const auto output = ref<GOutputStream>::adopt(g_memory_output_stream_new_resizable());
        const gsize written = co_await write_all_to(output, "memory"sv);
        EXPECT_EQ(written, 6U);
    };
    run(body());
}

TEST_F(streams, of_files_are_awaited_as_by_GIO) {
    const test::temporary_directory directory;
    const auto file = directory.file("file", "content");
    const auto body = [&]() -> task<> {
        const auto input = ref<GFileInputStream>::adopt(g_file_read(file, nullptr, nullptr));
        EXPECT_EQ((co_await text_from(G_INPUT_STREAM(input.get()))), "content");
        // A regular file is no pipe, whatever the class.
        const int fd = ::open((directory.path() / "file").c_str(), O_RDONLY | O_CLOEXEC);
        const auto plain = ref<GInputStream>::adopt(g_unix_input_stream_new(fd, TRUE));
        EXPECT_EQ((co_await text_from(plain)), "content");
    };
    run(body());
}

TEST_F(streams, around_a_stream_over_a_descriptor_are_awaited_as_by_GIO) {
    const connection ends;
    const auto body = [&]() -> task<> {
        const auto buffered = ref<GInputStream>::adopt(g_buffered_input_stream_new(ends.input()));
        ends.far.write("one two");
        EXPECT_EQ((co_await text_from(buffered, 4)), "one ");
        EXPECT_EQ((co_await text_from(buffered, 3)), "two");
        const auto compressor = ref<GConverter>::adopt(
            G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, -1)));
        const auto decompressor = ref<GConverter>::adopt(
            G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW)));
        const pipe_streams pipe;
        auto packing =
            ref<GOutputStream>::adopt(g_converter_output_stream_new(pipe.output, compressor));
        const auto unpacking =
            ref<GInputStream>::adopt(g_converter_input_stream_new(pipe.other_input, decompressor));
        const auto reading = spawn(text_from(unpacking));
        const gsize written = co_await write_all_to(packing, "packed"sv);
        EXPECT_EQ(written, 6U);
        EXPECT_TRUE(g_output_stream_close(packing, nullptr, nullptr));
        EXPECT_EQ((co_await reading), "packed");
    };
    run(body());
}

// Nothing stays --------------------------------------------------------------------

TEST_F(streams, awaited_ten_thousand_times_leave_nothing_behind) {
    const auto body = [&]() -> task<> {
        for (int round = 0; round < 10'000; ++round) {
            const connection ends;
            std::array<char, 10> buffer{};
            const auto waiting = spawn(read_from(ends.input(), buffer));
            co_await yield();
            ends.far.write("x");
            co_await waiting;
            co_await write_to(ends.output(), "y"sv);
        }
    };
    const auto count_of = [&] {
        run(body());
        context.iterate_while_ready();
        return std::array<std::size_t, 3>{test::open_descriptors(), std::size_t(registrations()),
                                          mallinfo2().uordblks / 65536};
    };
    const auto before = count_of();
    EXPECT_EQ(count_of(), before);
}

// No bytes -------------------------------------------------------------------------

/// GIO calls nobody back whose buffer is null.
TEST_F(streams, move_no_bytes_of_buffers_without_any) {
    const auto body = [](GInputStream* input, GOutputStream* output) -> task<> {
        std::vector<char> none;
        EXPECT_EQ((co_await read_from(input, none)), 0);
        EXPECT_EQ((co_await read_all_from(input, none)), 0U);
        EXPECT_EQ((co_await read_from(input, std::span<char>())), 0);
        EXPECT_EQ((co_await write_to(output, none)), 0);
        EXPECT_EQ((co_await write_all_to(output, none)), 0U);
        EXPECT_EQ((co_await write_all_to(output, std::string_view())), 0U);
        const auto empty = ref<GBytes>::adopt(g_bytes_new(nullptr, 0));
        EXPECT_EQ((co_await write_bytes_to(output, empty)), 0);
        const ref<GBytes> read = co_await read_bytes_from(input, 0);
        EXPECT_EQ(g_bytes_get_size(read), 0U);
    };
    const pipe_streams pipe;
    run(body(pipe.input, pipe.output));
    const auto input = ref<GInputStream>::adopt(g_memory_input_stream_new());
    const auto output = ref<GOutputStream>::adopt(g_memory_output_stream_new_resizable());
    run(body(input, output));
}

} // namespace
} // namespace gawait
