#pragma once

#include "gawait/error.hpp"
#include "gawait/produce.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/counted.hpp"
#include "support/loop.hpp"
#include "support/objects.hpp"
#include "support/produced.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>

namespace gawait::test {

inline task<int> answer(int value) { co_return value; }

template <class T> task<T> fail_at_once(std::exception_ptr why) {
    std::rethrow_exception(why);
    co_return T();
}

inline task<int> hold(counted) {
    co_await yield();
    co_return 1;
}

inline task<> wait_for_ever() { co_await sleep_for(std::chrono::hours(1)); }

/// Each test has a context of its own, which is the thread-default one.
class produce : public testing::Test {
protected:
    void iterate_until_called_back(const callback_log& log) const {
        EXPECT_TRUE(context.iterate_until([&] { return log.calls() > 0; }));
        context.iterate_while_ready();
        EXPECT_EQ(log.calls(), 1);
    }

    /// Runs something in an iteration of the context.
    template <class Code> void in_iteration(Code code, int priority = G_PRIORITY_HIGH) const {
        const auto idle = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_priority(idle, priority);
        g_source_set_callback(
            idle,
            [](gpointer called) -> gboolean {
                (*static_cast<Code*>(called))();
                return G_SOURCE_REMOVE;
            },
            &code, nullptr);
        g_source_attach(idle, context.get());
        g_main_context_iteration(context.get(), FALSE);
    }

    /// Calls, in an iteration of the context, a function whose body is this, and lets it end.
    template <class T>
    void work_to_the_end(callback_log& log, std::function<task<T>()> body) const {
        in_iteration([&] { work_async<T>(log.call(), body); });
        iterate_until_called_back(log);
    }

    /// The error that a body's exception becomes.
    template <class Exception> error error_after(const Exception& thrown) const {
        callback_log log;
        work_to_the_end<int>(log,
                             [&] { return fail_at_once<int>(std::make_exception_ptr(thrown)); });
        GError* failure = nullptr;
        EXPECT_EQ(work<int>::finish(nullptr, log.result(), &failure), -1);
        return error(failure);
    }

    own_context context;
};

} // namespace gawait::test
