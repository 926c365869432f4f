// Many operations of all kinds at the same time, cancelled in all ways at random moments.
// What is asserted is that nothing is lost, done twice or left behind.
//
// GAWAIT_STORM_OPERATIONS says how many (100 000), GAWAIT_STORM_SEED which (printed). The
// seed decides what each operation is and what happens to it, not how they interleave.

#include "gawait/gawait.hpp"
#include "support/counted.hpp"
#include "support/descriptors.hpp"
#include "support/loop.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gawait {
namespace {

using namespace std::chrono_literals;
using number_type = std::uint64_t;

/// The same throws for the same seed, on every machine (splitmix64).
class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U) {}

    std::uint64_t below(std::uint64_t end) { return next() % end; }

    /// Dice whose throws have nothing to do with what these throw from now on.
    dice another() { return dice(next()); }

    bool one_in(std::uint64_t count) { return below(count) == 0; }
    std::chrono::microseconds up_to(std::chrono::microseconds longest) {
        return std::chrono::microseconds(below(std::uint64_t(longest.count()) + 1));
    }

private:
    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
        return mixed ^ (mixed >> 31U);
    }

    std::uint64_t state_;
};

// The storm's own asynchronous operation --------------------------------------------

/// What happened to one operation.
struct record {
    std::atomic<int> started;
    std::atomic<int> called_back;
    std::atomic<int> finished;
    std::atomic<int> freed;
    std::atomic<int> function_calls; // on a worker thread
    std::atomic<int> sent;
    std::atomic<int> received;
    std::atomic<int> ended;

    GAsyncReadyCallback callback;
    gpointer data;
};

enum class manner { at_once, from_idle, from_thread, ignoring_cancellation, return_on_cancel };

gboolean return_from_idle(gpointer ending) {
    g_task_return_int(static_cast<GTask*>(ending), 1);
    return G_SOURCE_REMOVE;
}

void return_from_thread(GTask* ending, gpointer, gpointer, GCancellable*) {
    std::this_thread::sleep_for(20us);
    g_task_return_int(ending, 1);
}

void operate_async(record* self, manner how, GCancellable* cancellable,
                   GAsyncReadyCallback callback, gpointer data) {
    ++self->started;
    self->callback = callback;
    self->data = data;
    const GAsyncReadyCallback counting = [](GObject* source, GAsyncResult* result, gpointer of) {
        auto& called = *static_cast<record*>(of);
        ++called.called_back;
        called.callback(source, result, called.data);
    };
    const auto operation = ref<GTask>::adopt(g_task_new(nullptr, cancellable, counting, self));
    g_task_set_task_data(operation, self, [](gpointer of) { ++static_cast<record*>(of)->freed; });
    g_task_set_check_cancellable(operation, how != manner::ignoring_cancellation);
    switch (how) {
    case manner::at_once:
        g_task_return_int(operation, 1);
        break;
    case manner::from_idle: {
        const auto idle = ref<GSource>::adopt(g_idle_source_new());
        g_task_attach_source(operation, idle, return_from_idle);
        break;
    }
    case manner::return_on_cancel:
        g_task_set_return_on_cancel(operation, TRUE);
        [[fallthrough]];
    case manner::from_thread:
    case manner::ignoring_cancellation:
        g_task_run_in_thread(operation, return_from_thread);
        break;
    }
}

gssize operate_finish(GAsyncResult* result, GError** failure) {
    auto* operation = reinterpret_cast<GTask*>(result);
    ++static_cast<record*>(g_task_get_task_data(operation))->finished;
    return g_task_propagate_int(operation, failure);
}

// The storm --------------------------------------------------------------------------

class storm {
public:
    storm(number_type operations, std::uint64_t seed)
        : operations_(operations), seed_(seed), records_(operations) {
        for (std::size_t slot = 0; slot < at_a_time; ++slot)
            files_.push_back(directory_.file(std::to_string(slot)));
    }

    task<> rage() {
        std::vector<task<>> workers;
        for (std::size_t slot = 0; slot < at_a_time; ++slot)
            workers.push_back(work_through(slot));
        co_await when_all(std::move(workers));
        values_.close();
        while (const auto value = co_await values_.receive())
            ++records_[*value].received;
        // What returned early on cancellation may still be at work on its thread.
        const auto end = clock::now() + 30s;
        while (!all_freed() && clock::now() < end)
            co_await sleep_for(1ms);
    }

    void check() const {
        for (number_type number = 0; number < operations_; ++number) {
            SCOPED_TRACE("operation " + std::to_string(number));
            const record& each = records_[number];
            ASSERT_EQ(each.ended, 1);
            ASSERT_LE(each.started, 1);
            ASSERT_EQ(each.called_back, each.started);
            ASSERT_EQ(each.finished, each.started);
            ASSERT_EQ(each.freed, each.started);
            ASSERT_LE(each.function_calls, 1);
            ASSERT_EQ(each.received, each.sent);
        }
        EXPECT_EQ(succeeded_ + cancelled_ + timed_out_, operations_);
        EXPECT_GT(succeeded_, 0U);
        EXPECT_GT(cancelled_, 0U);
        EXPECT_GT(timed_out_, 0U);
        EXPECT_FALSE(guard_.locked());
        EXPECT_EQ(inside_, 0);
        EXPECT_EQ(permits_.available(), permits_at_first);
        EXPECT_EQ(live_, 0);
        EXPECT_EQ(values_.size(), 0U);
    }

    void print() const {
        std::cout << "[   storm  ] " << succeeded_ << " succeeded, " << cancelled_
                  << " were cancelled, " << timed_out_ << " timed out\n";
    }

private:
    static constexpr std::size_t at_a_time = 64;
    static constexpr std::size_t permits_at_first = 3;
    static constexpr std::size_t kinds = 17;

    bool all_freed() const {
        return std::ranges::all_of(records_,
                                   [](const record& each) { return each.freed == each.started; });
    }

    task<> work_through(std::size_t slot) {
        for (number_type number = next_++; number < operations_; number = next_++) {
            try {
                dice random(seed_ + number);
                const std::uint64_t kind = random.below(kinds);
                const dice trouble = random.another();
                co_await in_trouble(trouble, operation(kind, number, slot, random));
                ++succeeded_;
            } catch (const cancelled&) {
                ++cancelled_;
            } catch (const error& failure) {
                EXPECT_TRUE(failure.matches(G_IO_ERROR_TIMED_OUT)) << failure.what();
                ++timed_out_;
            }
            ++records_[number].ended;
        }
    }

    // Trouble ------------------------------------------------------------------------

    /// Awaits an operation, and may cancel it in one of many ways.
    task<> in_trouble(dice random, task<> troubled) {
        switch (random.below(8)) {
        case 0:
            co_await with_timeout(random.up_to(300us), std::move(troubled));
            break;
        case 1: {
            const auto handle = spawn(std::move(troubled));
            co_await some_rounds(random.another());
            handle.cancel();
            co_await handle;
            break;
        }
        case 2: {
            const auto handle = spawn(std::move(troubled));
            const auto canceller =
                soon_elsewhere(random.another(), [handle]() noexcept { handle.cancel(); });
            auto outcome = co_await as_result(handle);
            co_await canceller;
            outcome.value();
            break;
        }
        case 3: {
            const auto source = ref<GCancellable>::adopt(g_cancellable_new());
            const auto canceller = soon_elsewhere(
                random.another(), [source]() noexcept { g_cancellable_cancel(source); });
            auto outcome = co_await as_result(with_cancellable(source, std::move(troubled)));
            co_await canceller;
            outcome.value();
            break;
        }
        case 4: {
            std::stop_source source;
            const auto canceller = soon_elsewhere(
                random.another(), [source]() mutable noexcept { source.request_stop(); });
            auto outcome =
                co_await as_result(with_stop_token(source.get_token(), std::move(troubled)));
            co_await canceller;
            outcome.value();
            break;
        }
        case 5: {
            const auto source = ref<GCancellable>::adopt(g_cancellable_new());
            if (random.one_in(2))
                g_cancellable_cancel(source);
            co_await with_timeout(random.up_to(1000us),
                                  with_cancellable(source, std::move(troubled)));
            break;
        }
        default:
            co_await std::move(troubled);
        }
    }

    static task<> some_rounds(dice random) {
        for (std::uint64_t rounds = random.below(5); rounds > 0; --rounds)
            co_await yield(random.one_in(4) ? G_PRIORITY_HIGH : G_PRIORITY_DEFAULT);
    }

    /// Calls something on the other loop's thread, in a little while.
    template <class Function> join_handle<void> soon_elsewhere(dice random, Function function) {
        return spawn_on(other_.context(), call_soon(random.another(), std::move(function)));
    }

    template <class Function> static task<> call_soon(dice random, Function function) {
        co_await some_rounds(random.another());
        if (random.one_in(2))
            co_await sleep_for(random.up_to(200us));
        function();
        if (random.one_in(4))
            function(); // cancelling twice is cancelling once
    }

    // Operations -----------------------------------------------------------------------

    task<> operation(std::uint64_t kind, number_type number, std::size_t slot, dice random) {
        record& own = records_[number];
        switch (kind) {
        case 0:
            return operate(own, manner::at_once);
        case 1:
            return operate(own, manner::from_idle);
        case 2:
            return operate(own, manner::from_thread);
        case 3:
            return operate(own, manner::ignoring_cancellation);
        case 4:
            return operate(own, manner::return_on_cancel);
        case 5:
            return write_and_read(files_[slot], std::to_string(number));
        case 6:
            return as_task(sleep_for(random.up_to(300us)));
        case 7:
            return as_task(with_timeout(2ms, send(number)));
        case 8:
            return as_task(with_timeout(2ms, receive()));
        case 9:
            return enter(random);
        case 10:
            return use_permit(random);
        case 11:
            return call_function(own, random);
        case 12:
            return hop(own, random);
        case 13:
            return wait_for_descriptor(random);
        case 14:
            return join(own, random);
        case 15:
            return consume(random);
        default:
            return open_scope(own, random);
        }
    }

    static task<> operate(record& own, manner how) {
        const gssize value = co_await async(operate_async, operate_finish, &own, how);
        EXPECT_EQ(value, 1);
    }

    static task<> write_and_read(GFile* file, std::string text) {
        const auto bytes = ref<GBytes>::adopt(g_bytes_new(text.data(), text.size()));
        co_await async(g_file_replace_contents_bytes_async, g_file_replace_contents_finish, file,
                       bytes.get(), nullptr, FALSE, G_FILE_CREATE_NONE);
        const auto [contents, length, tag] =
            co_await async(g_file_load_contents_async, g_file_load_contents_finish, file);
        EXPECT_EQ(std::string_view(contents.get(), length), text);
    }

    task<> send(number_type number) {
        co_await values_.send(number);
        ++records_[number].sent;
    }

    task<> receive() {
        if (const auto value = co_await values_.receive())
            ++records_[*value].received;
    }

    task<> enter(dice random) {
        const auto lock = co_await guard_.lock();
        EXPECT_EQ(inside_, 0);
        ++inside_;
        auto outcome = co_await as_result(some_rounds(random.another()));
        --inside_;
        outcome.value();
    }

    task<> use_permit(dice random) {
        co_await permits_.acquire();
        EXPECT_LT(permits_.available(), permits_at_first);
        auto outcome = co_await as_result(sleep_for(random.up_to(50us)));
        permits_.release();
        outcome.value();
    }

    static task<> call_function(record& own, dice random) {
        const auto length = random.up_to(50us);
        const int calls = co_await to_thread([&own, length] {
            std::this_thread::sleep_for(length);
            return ++own.function_calls;
        });
        EXPECT_EQ(calls, 1);
    }

    task<> hop(record& own, dice random) {
        const auto here = std::this_thread::get_id();
        auto outcome = co_await as_result(go_elsewhere(own, random.another()));
        EXPECT_EQ(std::this_thread::get_id(), here);
        outcome.value();
    }

    task<> go_elsewhere(record& own, dice random) {
        const test::counted held(live_);
        GMainContext* home = (co_await detail::current_environment()).home->context();
        co_await resume_on(other_.context());
        EXPECT_EQ(std::this_thread::get_id(), other_.id());
        co_await some_rounds(random.another());
        if (random.one_in(2))
            co_await operate(own, random.one_in(2) ? manner::from_idle : manner::from_thread);
        else
            co_await sleep_for(random.up_to(100us));
        EXPECT_EQ(std::this_thread::get_id(), other_.id());
        if (random.one_in(2))
            co_await resume_on(home);
        co_await yield();
    }

    task<> wait_for_descriptor(dice random) {
        const auto ends = test::descriptor_pair::sockets();
        if (random.one_in(4)) // or it is the timeout that ends the wait
            co_await with_timeout(100us, readable(ends.first.get()));
        const int written_to = ends.second.get();
        const auto writer = soon_elsewhere(
            random.another(), [written_to]() noexcept { g_assert(write_byte(written_to)); });
        auto outcome = co_await as_result(readable(ends.first.get()));
        co_await shield(as_task(writer)); // it uses the descriptor
        EXPECT_EQ(outcome.value(), G_IO_IN);
    }

    static bool write_byte(int fd) noexcept { return ::write(fd, "x", 1) == 1; }

    task<> join(record& own, dice random) {
        const auto handle = spawn_on(other_.context(), operate_elsewhere(own, random.another()));
        auto outcome = co_await as_result(handle);
        if (!handle.done()) { // only the wait was cancelled
            handle.cancel();
            (void)co_await as_result(shield(as_task(handle)));
        }
        outcome.value();
    }

    task<> operate_elsewhere(record& own, dice random) {
        const test::counted held(live_);
        co_await some_rounds(random.another());
        co_await operate(own, random.one_in(2) ? manner::from_idle : manner::return_on_cancel);
    }

    async_generator<int> generate(int count, dice random) {
        const test::counted held(live_);
        for (int value = 0; value < count; ++value) {
            if (random.one_in(3))
                co_await resume_on(other_.context());
            if (random.one_in(3))
                co_await sleep_for(random.up_to(50us));
            co_yield value;
        }
    }

    task<> consume(dice random) {
        const auto here = std::this_thread::get_id();
        const int count = int(random.below(8));
        const int wanted = random.one_in(3) ? count / 2 : count + 1; // or it is destroyed early
        auto values = generate(count, random.another());
        for (int expected = 0; expected < wanted; ++expected) {
            const int* value = co_await values.next();
            EXPECT_EQ(std::this_thread::get_id(), here);
            EXPECT_EQ(value ? *value : count, expected);
        }
    }

    task<> open_scope(record& own, dice random) {
        const auto body = [&](scope& children) -> task<> {
            children.spawn(operate(own, manner::from_idle));
            children.spawn(sleep_for(random.up_to(100us)));
            children.spawn(enter(random.another()));
            if (random.one_in(4))
                children.cancel();
            co_await yield();
        };
        co_await with_scope(body);
    }

    const number_type operations_;
    const std::uint64_t seed_;
    std::vector<record> records_;
    number_type next_ = 0;

    const test::temporary_directory directory_;
    std::vector<ref<GFile>> files_; // one for each worker
    const test::loop_thread other_;

    channel<number_type> values_{4};
    mutex guard_;
    int inside_ = 0;
    semaphore permits_{permits_at_first};
    std::atomic<int> live_ = 0;

    number_type succeeded_ = 0;
    number_type cancelled_ = 0;
    number_type timed_out_ = 0;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    if (!text)
        return otherwise;
    std::uint64_t number = 0;
    const std::string_view digits(text);
    const auto [end, failure] = std::from_chars(digits.begin(), digits.end(), number);
    if (failure != std::errc() || end != digits.end())
        throw std::invalid_argument(std::string(name) + " is not a number: " + text);
    return number;
}

TEST(storm, loses_nothing_does_nothing_twice_and_leaves_nothing_behind) {
    const auto operations = from_environment("GAWAIT_STORM_OPERATIONS", 100'000);
    const auto seed = from_environment("GAWAIT_STORM_SEED", 20'240'229);
    std::cout << "[   storm  ] " << operations << " operations, GAWAIT_STORM_SEED=" << seed << '\n';
    const test::own_context context;
    storm brewing(operations, seed);
    run(brewing.rage());
    brewing.print();
    brewing.check();
}

} // namespace
} // namespace gawait
