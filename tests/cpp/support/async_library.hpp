#pragma once

#include "gawait/async.hpp"
#include "gawait/run.hpp"
#include "support/objects.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace gawait::test {

/// What the error of an operation is, which must fail.
template <class Awaitable> error error_of(Awaitable awaited) {
    try {
        run(std::move(awaited));
    } catch (const error& failure) {
        return failure;
    }
    ADD_FAILURE() << "it did not fail";
    return error(G_IO_ERROR_FAILED, "no error");
}

// A C library ----------------------------------------------------------------------

/// Operations as other libraries have them, whose end the test brings about.
namespace library {

/// What the start function of an operation got.
struct started {
    GObject* source = nullptr;
    int number = 0;
    std::string text;
    int priority = 0;
    double factor = 0;
    ref<GTask> task;
};

inline std::vector<started> operations;
inline int finished = 0;

struct reset {
    reset() {
        operations.clear();
        finished = 0;
    }
    ~reset() { operations.clear(); }
};

/// The last operation begun, which the library then forgets.
inline ref<GTask> take_last() {
    auto last = std::move(operations.back().task);
    operations.pop_back();
    return last;
}

inline void held_async(GObject* source, GCancellable* cancellable, GAsyncReadyCallback callback,
                       gpointer data) {
    auto task = adopt(g_task_new(source, cancellable, callback, data));
    operations.push_back({.source = source, .text = {}, .task = std::move(task)});
}

inline int held_finish(GObject* source, GAsyncResult* result, GError** failure) {
    EXPECT_TRUE(g_task_is_valid(result, source));
    ++finished;
    return int(g_task_propagate_int(G_TASK(result), failure));
}

/// Gives its number by and by.
inline void number_async(GObject* source, int number, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer data) {
    const auto task = adopt(g_task_new(source, cancellable, callback, data));
    g_task_return_int(task, number);
}

inline int number_finish(GObject*, GAsyncResult* result, GError** failure) {
    return int(g_task_propagate_int(G_TASK(result), failure));
}

inline void everything_async(GObject* source, int number, const char* text, int priority,
                             GCancellable* cancellable, double factor, GAsyncReadyCallback callback,
                             gpointer data) {
    const auto task = adopt(g_task_new(source, cancellable, callback, data));
    operations.push_back({source, number, text, priority, factor, {}});
    g_task_return_boolean(task, TRUE);
}

inline gboolean everything_finish(GObject*, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

/// Takes over what floats, as C functions do.
inline void store_async(GObject* source, GVariant* value, GCancellable* cancellable,
                        GAsyncReadyCallback callback, gpointer data) {
    const auto taken = adopt(g_variant_ref_sink(value));
    const auto task = adopt(g_task_new(source, cancellable, callback, data));
    g_task_return_boolean(task, TRUE);
}

inline gboolean store_finish(GObject*, GAsyncResult* result, GError** failure) {
    return g_task_propagate_boolean(G_TASK(result), failure);
}

/// Neither cancellable nor object nor error.
inline void plain_async(int number, GAsyncReadyCallback callback, gpointer data) {
    const auto task = adopt(g_task_new(nullptr, nullptr, callback, data));
    g_task_return_int(task, number);
}

inline int plain_finish(GAsyncResult* result) {
    return int(g_task_propagate_int(G_TASK(result), nullptr));
}

inline void void_finish(GAsyncResult* result) {
    finished = int(g_task_propagate_int(G_TASK(result), nullptr));
}

inline void void_out_finish(GAsyncResult* result, int* number, char** text) {
    *number = plain_finish(result);
    *text = g_strdup("text");
}

inline void void_error_finish(GAsyncResult*, GError** failure) {
    g_set_error_literal(failure, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
}

inline gboolean false_finish(GAsyncResult*, GError**) { return FALSE; }
inline gboolean false_out_finish(GAsyncResult*, int* number, GError**) {
    *number = 7;
    return FALSE;
}
inline gboolean false_without_error_out_finish(GAsyncResult*, int*) { return FALSE; }
inline GObject* null_finish(GAsyncResult*, GError**) { return nullptr; }
inline gssize negative_finish(GAsyncResult*, GError**) { return -1; }

inline GList* list_out_finish(GAsyncResult*, int* length, GError**) {
    *length = 2;
    return g_list_append(g_list_append(nullptr, new_object().release()), new_object().release());
}

inline GObject* values_finish(GAsyncResult*, const char** borrowed, char*** strings,
                              gint64** numbers, GVariant** variant, GError**) {
    *borrowed = "borrowed";
    *strings = g_strsplit("a b", " ", 0);
    *numbers = g_new0(gint64, 2);
    (*numbers)[1] = 1;
    *variant = g_variant_ref_sink(g_variant_new_int32(5));
    return new_object().release();
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

/// An operation of the kind there was before `GTask`, which calls back as it is told.
inline void simple_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data,
                         void (*complete)(GSimpleAsyncResult*)) {
    const auto result = adopt(g_simple_async_result_new(source, callback, data, nullptr));
    if (number < 0)
        g_simple_async_result_set_error(result, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "negative");
    g_simple_async_result_set_op_res_gssize(result, number);
    complete(result);
}

inline void old_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data) {
    simple_async(source, number, callback, data, g_simple_async_result_complete_in_idle);
}

/// Calls back before it returns, which it must not.
inline void hasty_async(GObject* source, int number, GAsyncReadyCallback callback, gpointer data) {
    simple_async(source, number, callback, data, g_simple_async_result_complete);
}

inline gssize simple_finish(GObject*, GAsyncResult* result, GError** failure) {
    ++finished;
    auto* simple = G_SIMPLE_ASYNC_RESULT(result);
    if (g_simple_async_result_propagate_error(simple, failure))
        return -1;
    return g_simple_async_result_get_op_res_gssize(simple);
}

/// Calls back from inside the handler of the cancellable, which it must not.
inline void until_cancelled_async(GObject* source, GCancellable* cancellable,
                                  GAsyncReadyCallback callback, gpointer data) {
    GSimpleAsyncResult* result = g_simple_async_result_new(source, callback, data, nullptr);
    g_simple_async_result_set_error(result, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
    const auto on_cancelled = +[](GCancellable*, gpointer ended) {
        g_simple_async_result_complete(G_SIMPLE_ASYNC_RESULT(ended));
    };
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), result, g_object_unref);
}

G_GNUC_END_IGNORE_DEPRECATIONS

/// Ends when it is cancelled, and until then keeps no main context alive.
inline void contextless_async(GCancellable* cancellable, GAsyncReadyCallback callback,
                              gpointer data) {
    struct call {
        GAsyncReadyCallback callback;
        gpointer data;
    };
    const auto on_cancelled = +[](GCancellable* by, gpointer of) {
        const auto result = adopt(g_task_new(nullptr, by, nullptr, nullptr));
        static_cast<call*>(of)->callback(nullptr, G_ASYNC_RESULT(result.get()),
                                         static_cast<call*>(of)->data);
    };
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
                          g_memdup2(std::array{call{callback, data}}.data(), sizeof(call)), g_free);
}

inline int contextless_finish(GAsyncResult* result, GError** failure) {
    return int(g_task_propagate_int(G_TASK(result), failure));
}

} // namespace library

template <class Finish> auto plain(Finish* finish) {
    return async(library::plain_async, finish, 3);
}

} // namespace gawait::test
