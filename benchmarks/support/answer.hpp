#pragma once

#include <gio/gio.h>

namespace gawait::benchmarks {

/// The cheapest operation there is in the style of GIO: a `GTask` that an idle source
/// answers in the next iteration. Compiled apart, as a library's would be.
void answer_async(GObject* asked, GCancellable* cancellable, GAsyncReadyCallback callback,
                  gpointer data);

gssize answer_finish(GObject* asked, GAsyncResult* result, GError** failure);

} // namespace gawait::benchmarks
