/* The word counter in C: one callback after the other, and a GTask that tells the end. */

#include "crossing-clients.h"
#include "crossing-word-counter.h"

typedef struct {
    CrossingWordCounter* counter;
    GFile* tree;
    GFile* mixed;
    guint64 n_words;
    guint n_files;
    char* failure;
} Visit;

static void visit_free(gpointer data) {
    Visit* visit = data;
    g_object_unref(visit->counter);
    g_object_unref(visit->tree);
    g_object_unref(visit->mixed);
    g_free(visit->failure);
    g_free(visit);
}

/* The third count: its error is what is wanted. */
static void on_failed(GObject* source, GAsyncResult* result, gpointer user_data) {
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;
    Visit* visit = g_task_get_task_data(task);
    crossing_word_counter_count_finish(CROSSING_WORD_COUNTER(source), result, NULL, NULL, &error);
    if (!g_error_matches(error, CROSSING_ERROR, CROSSING_ERROR_NOT_TEXT)) {
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED,
                                "C: a file that is not text was not refused");
        return;
    }
    visit->failure = g_strdup(error->message);
    g_task_return_boolean(task, TRUE);
}

/* The second count, which ends early. */
static void on_cancelled(GObject* source, GAsyncResult* result, gpointer user_data) {
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;
    Visit* visit = g_task_get_task_data(task);
    crossing_word_counter_count_finish(CROSSING_WORD_COUNTER(source), result, NULL, NULL, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED,
                                "C: a count was not cancelled");
        return;
    }
    crossing_word_counter_count_async(visit->counter, visit->mixed, G_PRIORITY_DEFAULT,
                                      g_task_get_cancellable(task), on_failed, g_object_ref(task));
}

/* The first count. */
static void on_counted(GObject* source, GAsyncResult* result, gpointer user_data) {
    g_autoptr(GTask) task = user_data;
    GError* error = NULL;
    Visit* visit = g_task_get_task_data(task);
    if (!crossing_word_counter_count_finish(CROSSING_WORD_COUNTER(source), result, &visit->n_words,
                                            &visit->n_files, &error)) {
        g_task_return_error(task, error);
        return;
    }
    /* The next one is cancelled when the first of its files was counted. */
    g_autoptr(GCancellable) stop = g_cancellable_new();
    g_signal_connect_object(visit->counter, "file-counted", G_CALLBACK(g_cancellable_cancel), stop,
                            G_CONNECT_SWAPPED);
    crossing_word_counter_count_async(visit->counter, visit->tree, G_PRIORITY_DEFAULT, stop,
                                      on_cancelled, g_object_ref(task));
}

void crossing_clients_in_c_async(GFile* tree, GFile* mixed, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data) {
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Visit* visit = g_new0(Visit, 1);
    g_task_set_source_tag(task, crossing_clients_in_c_async);
    visit->counter = crossing_word_counter_new();
    visit->tree = g_object_ref(tree);
    visit->mixed = g_object_ref(mixed);
    g_task_set_task_data(task, visit, visit_free);
    crossing_word_counter_count_async(visit->counter, tree, G_PRIORITY_DEFAULT, cancellable,
                                      on_counted, g_object_ref(task));
}

gboolean crossing_clients_in_c_finish(GAsyncResult* result, guint64* n_words, guint* n_files,
                                      char** failure, GError** error) {
    g_return_val_if_fail(g_task_is_valid(result, NULL), FALSE);
    Visit* visit = g_task_get_task_data(G_TASK(result));
    if (!g_task_propagate_boolean(G_TASK(result), error))
        return FALSE;
    if (n_words)
        *n_words = visit->n_words;
    if (n_files)
        *n_files = visit->n_files;
    if (failure)
        *failure = g_strdup(visit->failure);
    return TRUE;
}
