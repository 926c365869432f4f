#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::benchmarks {

/// The cheapest operation there is in the style of GIO: a `GTask` that an idle source
/// answers in the next iteration. Compiled apart, as a library's would be.
void answer_async(GObject* asked, GCancellable* cancellable, GAsyncReadyCallback callback,
                  gpointer data);

gssize answer_finish(GObject* asked, GAsyncResult* result, GError** failure);

/// An object to ask.
inline ref<GObject> new_object() {
    return ref<GObject>::adopt(G_OBJECT(g_memory_input_stream_new())); // of whatever class
}

/// Takes a failure as fatal: none is expected.
inline void expect_success(GError* failure) {
    if (failure)
        g_error("%s", failure->message);
}

} // namespace gawait::benchmarks
