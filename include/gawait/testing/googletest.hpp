#pragma once

// Tests of GoogleTest whose bodies are coroutines. GoogleTest is the program's to link with.

#include "gawait/detail/cancellation_root.hpp"
#include "gawait/dump_tasks.hpp"
#include "gawait/ref.hpp"
#include "gawait/spawn.hpp"
#include "gawait/task.hpp"

#include <glib.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

/// Defines a test whose body is a coroutine, as `TEST()` and `TEST_F()` do of functions:
///
///     GAWAIT_TEST(clock, strikes) {
///         EXPECT_EQ(co_await next_strike(), 1);
///     }
///
/// It runs on a main context of its own, which is the thread-default one from before its fixture is
/// made, or on one that the fixture makes that. What it has spawned there and left is cancelled and
/// awaited when it has ended. An exception that ends it is a failure.
///
/// A test that has not ended in ten seconds of real time, or in `static constexpr time_out` of its
/// fixture, fails, says what its tasks wait for, and is cancelled; if that does not end it within
/// as long again, and a second, the program is aborted.
///
/// The `ASSERT_...` of GoogleTest return, which a coroutine cannot: use `EXPECT_...`, and
/// `gawait::end_test_if_failed()` where nothing after it makes sense.
#define GAWAIT_TEST(suite, name) GAWAIT_TEST_OF(suite, name, ::testing::Test)

/// The same with a fixture, a class derived of `testing::Test`, which names the suite as well.
#define GAWAIT_TEST_F(fixture, name) GAWAIT_TEST_OF(fixture, name, fixture)

#define GAWAIT_TEST_OF(suite, name, fixture)                                                       \
    class suite##_##name##_coroutine : public ::gawait::detail::coroutine_test<fixture> {          \
        ::gawait::task<> TestCoroutine() override;                                                 \
        static ::testing::TestInfo* const test_coroutine_info_;                                    \
    };                                                                                             \
    ::testing::TestInfo* const suite##_##name##_coroutine::test_coroutine_info_ =                  \
        ::testing::RegisterTest(#suite, #name, nullptr, nullptr, __FILE__, __LINE__,               \
                                ::gawait::detail::make_test<fixture, suite##_##name##_coroutine>); \
    ::gawait::task<> suite##_##name##_coroutine::TestCoroutine()

namespace gawait {

/// Ends the test whose coroutines call it if it has failed so far, as `ASSERT_...` would: by an
/// exception, so that it is of use in any coroutine that the test awaits.
inline void end_test_if_failed();

namespace detail {

/// Thrown to end a test whose failure is told.
struct failed_test {};

/// Runs the body of a test on the thread-default context, as `GAWAIT_TEST()` says.
class test_run {
public:
    test_run(task<> body, std::chrono::milliseconds time_out, const char* file, int line)
        : context_(ref<GMainContext>::adopt(g_main_context_ref_thread_default())),
          home_(engine::get(context_)), body_(spawn(std::move(body))), time_out_(time_out),
          file_(file), line_(line) {
        start_timer(time_out);
    }

    test_run(const test_run&) = delete;
    test_run& operator=(const test_run&) = delete;
    ~test_run() { g_source_destroy(timer_); }

    void run_until_done() {
        while (!body_.done())
            g_main_context_iteration(context_, TRUE);
        try {
            body_.take();
        } catch (const failed_test&) { // NOLINT(bugprone-empty-catch): it is told
        } catch (const cancelled&) {
            if (!late_)
                ADD_FAILURE_AT(file_, line_) << "the test was cancelled";
        } catch (const std::exception& thrown) {
            ADD_FAILURE_AT(file_, line_) << "the test threw: " << thrown.what();
        } catch (...) {
            ADD_FAILURE_AT(file_, line_) << "the test threw what is no std::exception";
        }
        while (task_root::request_all(*home_))
            g_main_context_iteration(context_, TRUE);
    }

private:
    void start_timer(std::chrono::milliseconds length) {
        timer_ = ref<GSource>::adopt(g_timeout_source_new(guint(length.count())));
        g_source_set_priority(timer_, G_PRIORITY_HIGH);
        g_source_set_callback(timer_, on_time_out, this, nullptr);
        g_source_attach(timer_, context_);
    }

    static gboolean on_time_out(gpointer run) {
        auto& self = *static_cast<test_run*>(run);
        if (std::exchange(self.late_, true))
            g_error("%s:%d: the test was cancelled, but has not ended", self.file_, self.line_);
        ADD_FAILURE_AT(self.file_, self.line_)
            << "the test has not ended in " << self.time_out_.count() << " ms:\n"
            << format_tasks(self.context_);
        self.body_.cancel();
        // From now on: to tell of the tasks may have taken a while.
        self.start_timer(self.time_out_ + std::chrono::seconds(1));
        return G_SOURCE_REMOVE;
    }

    ref<GMainContext> context_;
    engine_ref home_;
    join_handle<void> body_;
    std::chrono::milliseconds time_out_;
    // Not one of the engine's, for that may have virtual time.
    ref<GSource> timer_;
    const char* file_;
    int line_;
    bool late_ = false;
};

/// A context that is the thread-default one while this lives.
class fresh_context {
protected:
    fresh_context() { g_main_context_push_thread_default(test_coroutine_context_); }
    fresh_context(const fresh_context&) = delete;
    fresh_context& operator=(const fresh_context&) = delete;
    ~fresh_context() { g_main_context_pop_thread_default(test_coroutine_context_); }

private:
    ref<GMainContext> test_coroutine_context_ = ref<GMainContext>::adopt(g_main_context_new());
};

template <class Fixture> constexpr std::chrono::milliseconds time_out_of() {
    if constexpr (requires { Fixture::time_out; })
        return Fixture::time_out;
    else
        return std::chrono::seconds(10);
}

// The context is there before the fixture is made. The names are such as hide none of the
// fixture's.
template <class Fixture> class coroutine_test : fresh_context, public Fixture {
    virtual task<> TestCoroutine() = 0;

    void TestBody() final {
        const auto& info = *::testing::UnitTest::GetInstance()->current_test_info();
        test_run(TestCoroutine(), time_out_of<Fixture>(), info.file(), info.line())
            .run_until_done();
    }
};

/// GoogleTest takes it for one of the suite of that fixture.
template <class Fixture, class Test> Fixture* make_test() {
    return std::make_unique<Test>().release();
}

} // namespace detail

inline void end_test_if_failed() {
    if (::testing::Test::HasFailure())
        throw detail::failed_test();
}

} // namespace gawait
