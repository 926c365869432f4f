#pragma once

#include <gio/gio.h>

/* A library whose async functions have arguments that go in and come out, of each kind and
 * transfer. Of the same name with `_at_end` are those that have them in the finish function. */

G_BEGIN_DECLS

/* What becomes of an operation, beside what it exchanges. */
typedef enum {
    EXCHANGE_SUCCEED,
    EXCHANGE_FAIL,
    EXCHANGE_FAIL_AND_LEAVE, /* which exchanges nothing */
    EXCHANGE_WAIT,           /* exchanges at once, and ends when it is cancelled */
} ExchangeEnding;

typedef struct {
    int x;
    int y;
} ExchangePoint;

/* Copied and freed. */
typedef struct _ExchangeToken ExchangeToken;

#define EXCHANGE_TYPE_TOKEN (exchange_token_get_type())
GType exchange_token_get_type(void);
ExchangeToken* exchange_token_new(int value);
ExchangeToken* exchange_token_copy(const ExchangeToken* token);
void exchange_token_free(ExchangeToken* token);
int exchange_token_get_value(const ExchangeToken* token);

/* How many there are. */
int exchange_token_count(void);

void exchange_values_async(ExchangeEnding ending, int* number, gboolean* flag, GFileType* kind,
                           GFileCopyFlags* flags, ExchangePoint* point, GCancellable* cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_values_finish(GAsyncResult* result, GError** error);

void exchange_values_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_values_at_end_finish(GAsyncResult* result, int* number, gboolean* flag,
                                       GFileType* kind, GFileCopyFlags* flags, ExchangePoint* point,
                                       GError** error);

void exchange_owned_async(ExchangeEnding ending, char** text, GFile** file, GVariant** variant,
                          ExchangeToken** token, GHashTable** table, char*** words, GList** files,
                          GSList** names, GPtrArray** objects, int** numbers, gsize* n_numbers,
                          GCancellable* cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean exchange_owned_finish(GAsyncResult* result, GError** error);

void exchange_owned_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_owned_at_end_finish(GAsyncResult* result, char** text, GFile** file,
                                      GVariant** variant, ExchangeToken** token, GHashTable** table,
                                      char*** words, GList** files, GSList** names,
                                      GPtrArray** objects, int** numbers, gsize* n_numbers,
                                      GError** error);

void exchange_lent_async(ExchangeEnding ending, const char** text, GFile** file, GVariant** variant,
                         ExchangeToken** token, char*** words, GList** files, const int** numbers,
                         guint* n_numbers, GCancellable* cancellable, GAsyncReadyCallback callback,
                         gpointer user_data);
gboolean exchange_lent_finish(GAsyncResult* result, GError** error);

void exchange_lent_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_lent_at_end_finish(GAsyncResult* result, const char** text, GFile** file,
                                     GVariant** variant, ExchangeToken** token, char*** words,
                                     GList** files, const int** numbers, guint* n_numbers,
                                     GError** error);

void exchange_containers_async(ExchangeEnding ending, char*** words, GList** files,
                               GSList** more_files, GHashTable** table, GPtrArray** objects,
                               GCancellable* cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean exchange_containers_finish(GAsyncResult* result, GError** error);

void exchange_containers_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_containers_at_end_finish(GAsyncResult* result, char*** words, GList** files,
                                           GSList** more_files, GHashTable** table,
                                           GPtrArray** objects, GError** error);

/* Fills a buffer, whose size goes in, with so many bytes as come out. */
void exchange_fill_async(guint8* buffer, gsize* size, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_fill_finish(GAsyncResult* result, GError** error);

/* Gives at most so many bytes as go in. */
void exchange_bytes_async(GCancellable* cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean exchange_bytes_finish(GAsyncResult* result, guint8** bytes, gsize* size, GError** error);

/* Takes all of it over, in one direction. */
void exchange_take_async(ExchangeToken* token, GList* files, GSList* names, int* numbers,
                         gsize n_numbers, GHashTable* table, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
gboolean exchange_take_finish(GAsyncResult* result, GError** error);

G_END_DECLS
