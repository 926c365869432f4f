// What coroutines cost that await each other, without an operation.

#include "gawait/async_generator.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/task.hpp"
#include "gawait/when_all.hpp"

#include <benchmark/benchmark.h>

#include <coroutine>
#include <exception>
#include <utility>

namespace gawait::benchmarks {
namespace {

// Not inlined: neither is a coroutine of another source file.
[[gnu::noinline]] task<int> answer() { co_return 1; }
[[gnu::noinline]] task<> nothing() { co_return; }

[[gnu::noinline]] async_generator<int> numbers() {
    for (int number = 0;; ++number)
        co_yield number;
}

task<> await_task(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await answer());
}

task<> await_task_of_nothing(benchmark::State& state) {
    for (auto _ : state)
        co_await nothing();
}

task<> await_task_as_result(benchmark::State& state) {
    for (auto _ : state) {
        auto answered = co_await as_result(answer());
        benchmark::DoNotOptimize(*answered);
    }
}

task<> await_two_at_once(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await when_all(answer(), answer()));
}

task<> spawn_and_join(benchmark::State& state) {
    for (auto _ : state) {
        const auto spawned = spawn(answer());
        benchmark::DoNotOptimize(co_await spawned);
    }
}

task<> next_of_generator(benchmark::State& state) {
    auto counting = numbers();
    for (auto _ : state)
        benchmark::DoNotOptimize(*co_await counting.next());
}

template <task<> (*Measured)(benchmark::State&)> void in_task(benchmark::State& state) {
    run(Measured(state));
}

BENCHMARK(in_task<await_task>)->Name("task/task<int>");
BENCHMARK(in_task<await_task_of_nothing>)->Name("task/task<void>");
BENCHMARK(in_task<await_task_as_result>)->Name("task/as_result");
BENCHMARK(in_task<await_two_at_once>)->Name("task/when_all of two");
BENCHMARK(in_task<spawn_and_join>)->Name("task/spawn and join");
BENCHMARK(in_task<next_of_generator>)->Name("task/generator");

// The peer: the least that a lazy coroutine with a result needs, with no context, no
// cancellation and no exceptions.

struct bare_task {
    struct promise_type {
        struct to_awaiting {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<>
            await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
                return ended.promise().awaiting;
            }
            void await_resume() const noexcept {}
        };

        bare_task get_return_object() noexcept {
            return bare_task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        to_awaiting final_suspend() const noexcept { return {}; }
        void return_value(int returned) noexcept { value = returned; }
        void unhandled_exception() const noexcept { std::terminate(); }

        std::coroutine_handle<> awaiting = std::noop_coroutine();
        int value = 0;
    };

    explicit bare_task(std::coroutine_handle<promise_type> owned) noexcept : handle(owned) {}
    bare_task(bare_task&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
    bare_task& operator=(bare_task&&) = delete;
    ~bare_task() {
        if (handle)
            handle.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
        handle.promise().awaiting = awaiting;
        return handle;
    }
    int await_resume() const noexcept { return handle.promise().value; }

    std::coroutine_handle<promise_type> handle;
};

[[gnu::noinline]] bare_task bare_answer() { co_return 1; }

bare_task await_bare_task(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(co_await bare_answer());
    co_return 0;
}

void in_bare_task(benchmark::State& state) { await_bare_task(state).handle.resume(); }

BENCHMARK(in_bare_task)->Name("task/coroutine by hand");

} // namespace
} // namespace gawait::benchmarks
