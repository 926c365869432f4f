/* Two programs that use the counter, as functions, so that a third can run them beside itself. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * crossing_clients_in_c_async:
 * @tree: a directory with many files, all of them text
 * @mixed: a directory with a file that is not text
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called at its end
 * @user_data: for @callback
 *
 * Counts @tree, cancels a second count of it in the middle, and lets a count of @mixed fail: in C,
 * with callbacks.
 */
void crossing_clients_in_c_async(GFile* tree, GFile* mixed, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);

/**
 * crossing_clients_in_c_finish:
 * @result: what the callback was given
 * @n_words: (out) (optional): the words in the tree
 * @n_files: (out) (optional): the files in the tree
 * @failure: (out) (optional) (transfer full): the message of the count that failed
 * @error: the place for an error, or %NULL
 *
 * Ends what crossing_clients_in_c_async() began.
 *
 * Returns: (skip): whether all went as it should
 */
gboolean crossing_clients_in_c_finish(GAsyncResult* result, guint64* n_words, guint* n_files,
                                      char** failure, GError** error);

/**
 * crossing_clients_in_cpp_async:
 * @tree: a directory with many files, all of them text
 * @mixed: a directory with a file that is not text
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): called at its end
 * @user_data: for @callback
 *
 * The same as crossing_clients_in_c_async(): in C++, with coroutines.
 */
void crossing_clients_in_cpp_async(GFile* tree, GFile* mixed, GCancellable* cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);

/**
 * crossing_clients_in_cpp_finish:
 * @result: what the callback was given
 * @n_words: (out) (optional): the words in the tree
 * @n_files: (out) (optional): the files in the tree
 * @failure: (out) (optional) (transfer full): the message of the count that failed
 * @error: the place for an error, or %NULL
 *
 * Ends what crossing_clients_in_cpp_async() began.
 *
 * Returns: (skip): whether all went as it should
 */
gboolean crossing_clients_in_cpp_finish(GAsyncResult* result, guint64* n_words, guint* n_files,
                                        char** failure, GError** error);

/**
 * crossing_clients_engine_rounds:
 *
 * Asks the engine of the thread-default main context, as C++ finds it, how far it is.
 *
 * Returns: how many rounds it has begun; 0 if there is no engine
 */
guint64 crossing_clients_engine_rounds(void);

G_END_DECLS
