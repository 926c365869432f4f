#include "gawait/async_initable.hpp"

#include "gawait/async.hpp"
#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/yield.hpp"
#include "support/turns.hpp"

#include <gtest/gtest.h>

#include <chrono>

using namespace gawait;
using namespace std::chrono_literals;
using gawait::test::let_others_run;

namespace {

/// A class whose objects take a moment to initialise, and do what the test wants.
struct Client {
    GObject base;
    bool initialised;
};

enum class plan { succeed, fail, wait };

plan planned = plan::succeed;
int begun = 0;
int cleaned_up = 0;

task<> initialise(ref<Client> self) {
    ++begun;
    if (planned == plan::fail)
        throw error(G_IO_ERROR_CONNECTION_REFUSED, "nobody there");
    if (planned == plan::wait) {
        const auto waited = co_await as_result(sleep_for(1h));
        ++cleaned_up;
        waited.value();
    }
    co_await yield();
    self->initialised = true;
}

// As the documentation says to do it.
using ClientClass = GObjectClass;
G_DEFINE_TYPE_WITH_CODE(Client, client, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_ASYNC_INITABLE,
                                              fill_async_initable<initialise>))
void client_init(Client*) {}
void client_class_init(ClientClass*) {}

/// `g_async_initable_new_async()`, awaited.
task<ref<GObject>> new_client() {
    const auto start = [](GCancellable* cancellable, GAsyncReadyCallback callback, gpointer data) {
        g_async_initable_new_async(client_get_type(), G_PRIORITY_DEFAULT, cancellable, callback,
                                   data, nullptr);
    };
    co_return co_await async<ref<GObject>>(start, g_async_initable_new_finish);
}

class async_initable : public testing::Test {
protected:
    async_initable() {
        planned = plan::succeed;
        begun = cleaned_up = 0;
    }
};

} // namespace

TEST_F(async_initable, makes_an_object_that_the_coroutine_has_initialised) {
    run([]() -> task<> {
        const auto made = co_await new_client();
        EXPECT_TRUE(reinterpret_cast<Client*>(made.get())->initialised);
    }());
    EXPECT_EQ(begun, 1);
}

TEST_F(async_initable, fails_with_the_error_of_the_coroutine) {
    planned = plan::fail;
    run([]() -> task<> {
        const auto made = co_await as_result(new_client());
        EXPECT_TRUE(made.has_error());
        if (made.has_error()) {
            EXPECT_TRUE(made.error().matches(G_IO_ERROR_CONNECTION_REFUSED));
            EXPECT_STREQ(made.error().message(), "nobody there");
        }
    }());
}

TEST_F(async_initable, is_cancelled_and_may_clean_up) {
    planned = plan::wait;
    run([]() -> task<> {
        const auto making = spawn(new_client());
        co_await let_others_run();
        EXPECT_EQ(begun, 1);
        making.cancel();
        const auto made = co_await as_result(making);
        EXPECT_TRUE(made.was_cancelled());
        EXPECT_EQ(cleaned_up, 1);
    }());
}

TEST_F(async_initable, keeps_the_object_while_it_initialises_it) {
    run([&]() -> task<> {
        auto made = ref<GObject>::adopt(G_OBJECT(g_object_new(client_get_type(), nullptr)));
        weak_ref<GObject> watched(made);
        bool ended = false;
        g_async_initable_init_async(
            G_ASYNC_INITABLE(made.get()), G_PRIORITY_DEFAULT, nullptr,
            [](GObject* source, GAsyncResult* result, gpointer flag) {
                GError* failure = nullptr;
                EXPECT_TRUE(
                    g_async_initable_init_finish(G_ASYNC_INITABLE(source), result, &failure));
                EXPECT_FALSE(failure);
                *static_cast<bool*>(flag) = true;
            },
            &ended);
        made = nullptr;
        EXPECT_TRUE(watched.lock());
        while (!ended)
            co_await yield();
        co_await let_others_run();
        EXPECT_FALSE(watched.lock());
    }());
}
