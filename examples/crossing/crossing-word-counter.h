/* A GObject library like any other, for C and whatever reads GIR. That its asynchronous methods
 * are coroutines in C++ is nobody's business. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * CrossingError:
 * @CROSSING_ERROR_NOT_TEXT: a file is not text in UTF-8
 * @CROSSING_ERROR_SPECIAL_FILE: what is to be counted is neither a directory nor a regular file
 *
 * What may come out of a count beside the errors of GIO.
 */
typedef enum {
    CROSSING_ERROR_NOT_TEXT,
    CROSSING_ERROR_SPECIAL_FILE,
} CrossingError;

#define CROSSING_ERROR (crossing_error_quark())
GQuark crossing_error_quark(void);

/**
 * CrossingWordCounter:
 *
 * Counts the words in the files of directory trees. A word is a run of letters, digits and marks.
 *
 * Regular files are read, at most #CrossingWordCounter:files-at-once of one tree at the same time,
 * and directories are entered. In a tree, symbolic links and special files are passed over. A count
 * ends with the first error.
 *
 * Any number of counts may be under way. Each belongs to the thread-default main context of the
 * call, and reads the properties when it begins. When its callback runs, no file is open for it any
 * more, and no thread works for it.
 */
#define CROSSING_TYPE_WORD_COUNTER (crossing_word_counter_get_type())
G_DECLARE_FINAL_TYPE(CrossingWordCounter, crossing_word_counter, CROSSING, WORD_COUNTER, GObject)

/**
 * CrossingWordCounter:files-at-once:
 *
 * How many files of a tree are read at the same time.
 */

/**
 * CrossingWordCounter:timeout:
 *
 * How long one file may take, in milliseconds.
 */

/**
 * CrossingWordCounter::file-counted:
 * @self: a counter
 * @file: the file
 *
 * A file was counted, in whichever tree. Emitted in the main context of that count.
 */

/**
 * crossing_word_counter_new:
 *
 * Returns: (transfer full): a new counter
 */
CrossingWordCounter* crossing_word_counter_new(void);

/**
 * crossing_word_counter_count_async:
 * @self: a counter
 * @tree: a directory, or a single file
 * @io_priority: the I/O priority of the count
 * @cancellable: (nullable): ends the count early
 * @callback: (scope async): called when the count has ended
 * @user_data: for @callback
 *
 * Counts the words in a tree.
 *
 * Fails with %G_IO_ERROR_TIMED_OUT if a file takes longer than #CrossingWordCounter:timeout, with
 * %CROSSING_ERROR_NOT_TEXT if a file is not text in UTF-8, with %CROSSING_ERROR_SPECIAL_FILE if
 * @tree itself is neither a directory nor a regular file, and with what GIO gives.
 */
void crossing_word_counter_count_async(CrossingWordCounter* self, GFile* tree, int io_priority,
                                       GCancellable* cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data);

/**
 * crossing_word_counter_count_finish:
 * @self: a counter
 * @result: what the callback was given
 * @n_words: (out) (optional): the words in the tree
 * @n_files: (out) (optional): the files that were read
 * @error: the place for an error, or %NULL
 *
 * Ends what crossing_word_counter_count_async() began.
 *
 * Returns: (skip): whether it came to a result
 */
gboolean crossing_word_counter_count_finish(CrossingWordCounter* self, GAsyncResult* result,
                                            guint64* n_words, guint* n_files, GError** error);

/**
 * crossing_word_counter_most_frequent_async:
 * @self: a counter
 * @tree: a directory, or a single file
 * @how_many: the most words to give
 * @io_priority: the I/O priority of the count
 * @cancellable: (nullable): ends the count early
 * @callback: (scope async): called when the count has ended
 * @user_data: for @callback
 *
 * Finds the words that stand most often in a tree. Fails as crossing_word_counter_count_async()
 * does.
 */
void crossing_word_counter_most_frequent_async(CrossingWordCounter* self, GFile* tree,
                                               guint how_many, int io_priority,
                                               GCancellable* cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);

/**
 * crossing_word_counter_most_frequent_finish:
 * @self: a counter
 * @result: what the callback was given
 * @error: the place for an error, or %NULL
 *
 * Ends what crossing_word_counter_most_frequent_async() began.
 *
 * Returns: (transfer full) (array zero-terminated=1): the words in lower case, the most frequent
 *   first, those of equal frequency by the alphabet
 */
char** crossing_word_counter_most_frequent_finish(CrossingWordCounter* self, GAsyncResult* result,
                                                  GError** error);

G_END_DECLS
