#include "gawait/splice.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/streams.hpp"
#include "gawait/with_timeout.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"
#include "support/streams.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gawait {
namespace {

using namespace std::chrono_literals;

constexpr auto close_both = GOutputStreamSpliceFlags(G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE |
                                                     G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET);

struct splice : testing::Test {
    test::own_context context;
    test::connection from;
    test::pipe_streams to;

    bool both_are_closed() const {
        return g_input_stream_is_closed(from.input()) && g_output_stream_is_closed(to.output);
    }

    task<std::string> what_arrived() const {
        std::string text(1000, '.');
        text.resize(co_await read_all_from(to.other_input, text));
        co_return text;
    }
};

TEST_F(splice, moves_what_comes_until_the_end_and_closes_as_asked) {
    const auto body = [&]() -> task<> {
        const auto moving = spawn(splice_to(to.output, from.input(), close_both));
        for (const auto* piece : {"one ", "two ", "three"}) {
            from.far.write(piece);
            co_await sleep_for(1ms);
        }
        EXPECT_FALSE(moving.done());
        from.far.close();
        EXPECT_EQ((co_await moving), 13);
        EXPECT_TRUE(both_are_closed());
        EXPECT_EQ((co_await what_arrived()), "one two three");
    };
    run(body());
}

TEST_F(splice, leaves_both_open_unless_asked) {
    from.far.close();
    EXPECT_EQ(run(splice_to(to.output, from.input())), 0);
    EXPECT_FALSE(g_input_stream_is_closed(from.input()));
    EXPECT_FALSE(g_output_stream_is_closed(to.output));
}

TEST_F(splice, goes_on_as_the_other_end_takes_it) {
    const auto body = [&]() -> task<> {
        const std::string much(300'000, 'x'); // more than a pipe holds
        const test::pipe_streams source;
        const auto moving = spawn(splice_to(to.output, source.other_input, close_both));
        const auto arriving = spawn([](GInputStream* input, std::size_t most) -> task<gsize> {
            std::string text(most, '.');
            co_return co_await read_all_from(input, text);
        }(to.other_input, much.size() + 1));
        co_await write_all_to(source.output, much);
        g_output_stream_close(source.output, nullptr, nullptr);
        EXPECT_EQ((co_await moving), gssize(much.size()));
        EXPECT_EQ((co_await arriving), much.size());
    };
    run(body());
}

TEST_F(splice, closes_as_asked_when_it_is_cancelled) {
    const auto body = [&]() -> task<> {
        const auto moving =
            co_await as_result(with_timeout(1ms, splice_to(to.output, from.input(), close_both)));
        EXPECT_TRUE(moving.has_error() && moving.error().matches(G_IO_ERROR_TIMED_OUT));
        EXPECT_TRUE(both_are_closed());
    };
    run(body());
}

TEST_F(splice, fails_as_writing_fails_and_closes_as_asked) {
    to.other_input = {};
    from.far.write("nobody reads this");
    const auto outcome = run(as_result(splice_to(to.output, from.input(), close_both)));
    EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_BROKEN_PIPE));
    EXPECT_TRUE(both_are_closed());
}

TEST_F(splice, of_any_other_stream_is_gios_own) {
    const auto memory =
        ref<GInputStream>::adopt(g_memory_input_stream_new_from_data("in memory", 9, nullptr));
    EXPECT_EQ(run(splice_to(to.output, memory, close_both)), 9);
    EXPECT_EQ(run(what_arrived()), "in memory");
    EXPECT_TRUE(g_input_stream_is_closed(memory));
}

TEST_F(splice, of_null_is_refused) {
    for (const auto& outcome : {run(as_result(splice_to(ref<GOutputStream>(), from.input()))),
                                run(as_result(splice_to(to.output, ref<GInputStream>())))})
        EXPECT_TRUE(outcome.has_error() && outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT));
}

} // namespace
} // namespace gawait
