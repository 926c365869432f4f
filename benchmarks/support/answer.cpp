#include "support/answer.hpp"

namespace gawait::benchmarks {

void answer_async(GObject* asked, GCancellable* cancellable, GAsyncReadyCallback callback,
                  gpointer data) {
    const auto task = ref<GTask>::adopt(g_task_new(asked, cancellable, callback, data));
    const auto idle = ref<GSource>::adopt(g_idle_source_new());
    g_task_attach_source(task, idle, [](gpointer answered) -> gboolean {
        g_task_return_int(G_TASK(answered), 1);
        return G_SOURCE_REMOVE;
    });
}

gssize answer_finish(GObject*, GAsyncResult* result, GError** failure) {
    return g_task_propagate_int(G_TASK(result), failure);
}

} // namespace gawait::benchmarks
