#include "exchange.h"

struct _ExchangeToken {
    int value;
};

static gint tokens;

ExchangeToken* exchange_token_new(int value) {
    ExchangeToken* token = g_new(ExchangeToken, 1);
    token->value = value;
    g_atomic_int_inc(&tokens);
    return token;
}

ExchangeToken* exchange_token_copy(const ExchangeToken* token) {
    return exchange_token_new(token->value);
}

void exchange_token_free(ExchangeToken* token) {
    g_atomic_int_add(&tokens, -1);
    g_free(token);
}

int exchange_token_get_value(const ExchangeToken* token) { return token->value; }

int exchange_token_count(void) { return g_atomic_int_get(&tokens); }

G_DEFINE_BOXED_TYPE(ExchangeToken, exchange_token, exchange_token_copy, exchange_token_free)

/* An operation --------------------------------------------------------------------------- */

typedef void (*Exchange)(gpointer addresses);

typedef struct {
    ExchangeEnding ending;
    Exchange exchange; /* or none, until it is finished */
    gpointer addresses;
} Operation;

static void operation_free(gpointer data) {
    Operation* operation = data;
    g_free(operation->addresses);
    g_free(operation);
}

static gboolean end(gpointer data) {
    GTask* task = data;
    const Operation* operation = g_task_get_task_data(task);
    if (operation->ending != EXCHANGE_FAIL_AND_LEAVE && operation->exchange)
        operation->exchange(operation->addresses);
    if (operation->ending == EXCHANGE_SUCCEED)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "It was asked to fail");
    return G_SOURCE_REMOVE;
}

static gboolean end_cancelled(GCancellable* cancellable, gpointer task) {
    (void)cancellable;
    g_task_return_error_if_cancelled(task);
    return G_SOURCE_REMOVE;
}

/* Writes to the addresses, which it takes over, later, as one that really works would. */
static void begin(ExchangeEnding ending, Exchange exchange, gpointer addresses,
                  GCancellable* cancellable, GAsyncReadyCallback callback, gpointer user_data) {
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Operation* operation = g_new(Operation, 1);
    *operation = (Operation){ending, exchange, addresses};
    g_task_set_task_data(task, operation, operation_free);
    g_autoptr(GSource) source = NULL;
    if (ending == EXCHANGE_WAIT) {
        if (exchange)
            exchange(addresses);
        source = g_cancellable_source_new(cancellable);
        g_task_attach_source(task, source, G_SOURCE_FUNC(end_cancelled));
    } else {
        source = g_idle_source_new();
        g_task_attach_source(task, source, end);
    }
}

static gboolean finish(GAsyncResult* result, GError** error) {
    return g_task_propagate_boolean(G_TASK(result), error);
}

static gboolean finish_and_exchange(GAsyncResult* result, Exchange exchange, gpointer addresses,
                                    GError** error) {
    const Operation* operation = g_task_get_task_data(G_TASK(result));
    if (operation->ending != EXCHANGE_FAIL_AND_LEAVE)
        exchange(addresses);
    return finish(result, error);
}

/* Values --------------------------------------------------------------------------------- */

typedef struct {
    int* number;
    gboolean* flag;
    GFileType* kind;
    GFileCopyFlags* flags;
    ExchangePoint* point;
} Values;

static void exchange_values(gpointer addresses) {
    Values* at = addresses;
    *at->number += 1;
    *at->flag = !*at->flag;
    *at->kind = *at->kind == G_FILE_TYPE_REGULAR ? G_FILE_TYPE_DIRECTORY : G_FILE_TYPE_UNKNOWN;
    *at->flags |= G_FILE_COPY_BACKUP;
    *at->point = (ExchangePoint){at->point->y, at->point->x};
}

/**
 * exchange_values_async:
 * @number: (inout):
 * @flag: (inout):
 * @kind: (inout):
 * @flags: (inout):
 * @point: (inout):
 */
void exchange_values_async(ExchangeEnding ending, int* number, gboolean* flag, GFileType* kind,
                           GFileCopyFlags* flags, ExchangePoint* point, GCancellable* cancellable,
                           GAsyncReadyCallback callback, gpointer user_data) {
    const Values at = {number, flag, kind, flags, point};
    begin(ending, exchange_values, g_memdup2(&at, sizeof at), cancellable, callback, user_data);
}

gboolean exchange_values_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}

void exchange_values_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data) {
    begin(ending, NULL, NULL, cancellable, callback, user_data);
}

/**
 * exchange_values_at_end_finish:
 * @number: (inout):
 * @flag: (inout):
 * @kind: (inout):
 * @flags: (inout):
 * @point: (inout):
 */
gboolean exchange_values_at_end_finish(GAsyncResult* result, int* number, gboolean* flag,
                                       GFileType* kind, GFileCopyFlags* flags, ExchangePoint* point,
                                       GError** error) {
    Values at = {number, flag, kind, flags, point};
    return finish_and_exchange(result, exchange_values, &at, error);
}

/* Owned: takes what it finds, and gives another ------------------------------------------- */

typedef struct {
    char** text;
    GFile** file;
    GVariant** variant;
    ExchangeToken** token;
    GHashTable** table;
    char*** words;
    GList** files;
    GSList** names;
    GPtrArray** objects;
    int** numbers;
    gsize* n_numbers;
} Owned;

static void exchange_owned(gpointer addresses) {
    Owned* at = addresses;
    g_autofree char* text = *at->text;
    *at->text = g_strconcat(text, "!", NULL);
    if (*at->file) {
        g_autoptr(GFile) file = *at->file;
        *at->file = g_file_get_child(file, "child");
    }
    g_autoptr(GVariant) variant = *at->variant;
    *at->variant = g_variant_ref_sink(g_variant_new_int32(g_variant_get_int32(variant) + 1));
    ExchangeToken* token = *at->token;
    *at->token = exchange_token_new(token->value + 1);
    exchange_token_free(token);
    g_autoptr(GHashTable) table = *at->table;
    *at->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(*at->table, g_strdup_printf("%u", g_hash_table_size(table)));
    char** words = *at->words;
    *at->words = g_strsplit("given by C", " ", -1);
    (*at->words)[0][0] = words[0][0];
    g_strfreev(words);
    *at->files = g_list_prepend(*at->files, g_file_new_for_path("/first"));
    g_slist_free_full(*at->names, g_free);
    *at->names = g_slist_prepend(NULL, g_strdup("name"));
    guint length = (*at->objects)->len;
    g_ptr_array_unref(*at->objects);
    *at->objects = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint count = 0; count <= length; ++count)
        g_ptr_array_add(*at->objects, g_file_new_for_path("/object"));
    *at->numbers = g_renew(int, *at->numbers, *at->n_numbers + 1);
    (*at->numbers)[*at->n_numbers] = (int)*at->n_numbers;
    ++*at->n_numbers;
}

/**
 * exchange_owned_async:
 * @text: (inout) (transfer full):
 * @file: (inout) (transfer full) (nullable):
 * @variant: (inout) (transfer full):
 * @token: (inout) (transfer full):
 * @table: (inout) (transfer full) (element-type utf8 utf8):
 * @words: (inout) (transfer full) (array zero-terminated=1):
 * @files: (inout) (transfer full) (element-type Gio.File):
 * @names: (inout) (transfer full) (element-type utf8):
 * @objects: (inout) (transfer full) (element-type Gio.File):
 * @numbers: (inout) (transfer full) (array length=n_numbers):
 * @n_numbers: (inout):
 */
void exchange_owned_async(ExchangeEnding ending, char** text, GFile** file, GVariant** variant,
                          ExchangeToken** token, GHashTable** table, char*** words, GList** files,
                          GSList** names, GPtrArray** objects, int** numbers, gsize* n_numbers,
                          GCancellable* cancellable, GAsyncReadyCallback callback,
                          gpointer user_data) {
    const Owned at = {text,  file,  variant, token,   table,    words,
                      files, names, objects, numbers, n_numbers};
    begin(ending, exchange_owned, g_memdup2(&at, sizeof at), cancellable, callback, user_data);
}

gboolean exchange_owned_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}

void exchange_owned_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data) {
    begin(ending, NULL, NULL, cancellable, callback, user_data);
}

/**
 * exchange_owned_at_end_finish:
 * @text: (inout) (transfer full):
 * @file: (inout) (transfer full) (nullable):
 * @variant: (inout) (transfer full):
 * @token: (inout) (transfer full):
 * @table: (inout) (transfer full) (element-type utf8 utf8):
 * @words: (inout) (transfer full) (array zero-terminated=1):
 * @files: (inout) (transfer full) (element-type Gio.File):
 * @names: (inout) (transfer full) (element-type utf8):
 * @objects: (inout) (transfer full) (element-type Gio.File):
 * @numbers: (inout) (transfer full) (array length=n_numbers):
 * @n_numbers: (inout):
 */
gboolean exchange_owned_at_end_finish(GAsyncResult* result, char** text, GFile** file,
                                      GVariant** variant, ExchangeToken** token, GHashTable** table,
                                      char*** words, GList** files, GSList** names,
                                      GPtrArray** objects, int** numbers, gsize* n_numbers,
                                      GError** error) {
    Owned at = {text,  file,  variant, token,   table,    words,
                files, names, objects, numbers, n_numbers};
    return finish_and_exchange(result, exchange_owned, &at, error);
}

/* Lent: borrows what it finds, and lends another ------------------------------------------ */

typedef struct {
    const char** text;
    GFile** file;
    GVariant** variant;
    ExchangeToken** token;
    char*** words;
    GList** files;
    const int** numbers;
    guint* n_numbers;
} Lent;

static void exchange_lent(gpointer addresses) {
    static const char* words[] = {"lent", "by", "C", NULL};
    static const int numbers[] = {1, 2, 3};
    static ExchangeToken token = {5};
    static GFile* file;
    static GVariant* variant;
    static GList* files;
    if (!file) {
        file = g_file_new_for_path("/lent");
        variant = g_variant_ref_sink(g_variant_new_string("lent"));
        files = g_list_prepend(NULL, file);
    }
    Lent* at = addresses;
    *at->text = "lent";
    *at->file = file;
    *at->variant = variant;
    *at->token = &token;
    *at->words = (char**)words;
    *at->files = files;
    *at->numbers = numbers;
    *at->n_numbers = G_N_ELEMENTS(numbers);
}

/**
 * exchange_lent_async:
 * @text: (inout) (transfer none) (nullable):
 * @file: (inout) (transfer none):
 * @variant: (inout) (transfer none):
 * @token: (inout) (transfer none):
 * @words: (inout) (transfer none) (array zero-terminated=1):
 * @files: (inout) (transfer none) (element-type Gio.File):
 * @numbers: (inout) (transfer none) (array length=n_numbers):
 * @n_numbers: (inout):
 */
void exchange_lent_async(ExchangeEnding ending, const char** text, GFile** file, GVariant** variant,
                         ExchangeToken** token, char*** words, GList** files, const int** numbers,
                         guint* n_numbers, GCancellable* cancellable, GAsyncReadyCallback callback,
                         gpointer user_data) {
    const Lent at = {text, file, variant, token, words, files, numbers, n_numbers};
    begin(ending, exchange_lent, g_memdup2(&at, sizeof at), cancellable, callback, user_data);
}

gboolean exchange_lent_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}

void exchange_lent_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                GAsyncReadyCallback callback, gpointer user_data) {
    begin(ending, NULL, NULL, cancellable, callback, user_data);
}

/**
 * exchange_lent_at_end_finish:
 * @text: (inout) (transfer none) (nullable):
 * @file: (inout) (transfer none):
 * @variant: (inout) (transfer none):
 * @token: (inout) (transfer none):
 * @words: (inout) (transfer none) (array zero-terminated=1):
 * @files: (inout) (transfer none) (element-type Gio.File):
 * @numbers: (inout) (transfer none) (array length=n_numbers):
 * @n_numbers: (inout):
 */
gboolean exchange_lent_at_end_finish(GAsyncResult* result, const char** text, GFile** file,
                                     GVariant** variant, ExchangeToken** token, char*** words,
                                     GList** files, const int** numbers, guint* n_numbers,
                                     GError** error) {
    Lent at = {text, file, variant, token, words, files, numbers, n_numbers};
    return finish_and_exchange(result, exchange_lent, &at, error);
}

/* Containers: takes and gives these, and borrows and lends what is in them ----------------- */

typedef struct {
    char*** words;
    GList** files;
    GSList** more_files;
    GHashTable** table;
    GPtrArray** objects;
} Containers;

static void exchange_containers(gpointer addresses) {
    Containers* at = addresses;
    const guint length = g_strv_length(*at->words);
    *at->words = g_renew(char*, *at->words, length + 2);
    (*at->words)[length] = (char*)"lent";
    (*at->words)[length + 1] = NULL;
    *at->files = g_list_append(*at->files, (*at->files)->data);
    *at->more_files = g_slist_append(*at->more_files, (*at->more_files)->data);
    g_hash_table_unref(*at->table);
    *at->table = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(*at->table, (char*)"lent");
    g_ptr_array_unref(*at->objects);
    *at->objects = g_ptr_array_new();
    g_ptr_array_add(*at->objects, (*at->files)->data);
}

/**
 * exchange_containers_async:
 * @words: (inout) (transfer container) (array zero-terminated=1):
 * @files: (inout) (transfer container) (element-type Gio.File):
 * @more_files: (inout) (transfer container) (element-type Gio.File):
 * @table: (inout) (transfer container) (element-type utf8 utf8):
 * @objects: (inout) (transfer container) (element-type Gio.File):
 */
void exchange_containers_async(ExchangeEnding ending, char*** words, GList** files,
                               GSList** more_files, GHashTable** table, GPtrArray** objects,
                               GCancellable* cancellable, GAsyncReadyCallback callback,
                               gpointer user_data) {
    const Containers at = {words, files, more_files, table, objects};
    begin(ending, exchange_containers, g_memdup2(&at, sizeof at), cancellable, callback, user_data);
}

gboolean exchange_containers_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}

void exchange_containers_at_end_async(ExchangeEnding ending, GCancellable* cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data) {
    begin(ending, NULL, NULL, cancellable, callback, user_data);
}

/**
 * exchange_containers_at_end_finish:
 * @words: (inout) (transfer container) (array zero-terminated=1):
 * @files: (inout) (transfer container) (element-type Gio.File):
 * @more_files: (inout) (transfer container) (element-type Gio.File):
 * @table: (inout) (transfer container) (element-type utf8 utf8):
 * @objects: (inout) (transfer container) (element-type Gio.File):
 */
gboolean exchange_containers_at_end_finish(GAsyncResult* result, char*** words, GList** files,
                                           GSList** more_files, GHashTable** table,
                                           GPtrArray** objects, GError** error) {
    Containers at = {words, files, more_files, table, objects};
    return finish_and_exchange(result, exchange_containers, &at, error);
}

/* Arrays of which only the length goes both ways -------------------------------------------- */

typedef struct {
    guint8* buffer;
    gsize* size;
} Filled;

static void fill(gpointer addresses) {
    Filled* at = addresses;
    *at->size /= 2;
    for (gsize index = 0; index < *at->size; ++index)
        at->buffer[index] = (guint8)index;
}

/**
 * exchange_fill_async:
 * @buffer: (out caller-allocates) (array length=size):
 * @size: (inout):
 */
void exchange_fill_async(guint8* buffer, gsize* size, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer user_data) {
    const Filled at = {buffer, size};
    begin(EXCHANGE_SUCCEED, fill, g_memdup2(&at, sizeof at), cancellable, callback, user_data);
}

gboolean exchange_fill_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}

void exchange_bytes_async(GCancellable* cancellable, GAsyncReadyCallback callback,
                          gpointer user_data) {
    begin(EXCHANGE_SUCCEED, NULL, NULL, cancellable, callback, user_data);
}

/**
 * exchange_bytes_finish:
 * @bytes: (out) (transfer full) (array length=size):
 * @size: (inout):
 */
gboolean exchange_bytes_finish(GAsyncResult* result, guint8** bytes, gsize* size, GError** error) {
    *size = MIN(*size, 4);
    *bytes = g_memdup2("byte", *size);
    return finish(result, error);
}

/* In one direction ------------------------------------------------------------------------- */

/**
 * exchange_take_async:
 * @token: (transfer full):
 * @files: (transfer full) (element-type Gio.File):
 * @names: (transfer full) (element-type utf8):
 * @numbers: (transfer full) (array length=n_numbers):
 * @table: (transfer container) (element-type utf8 utf8):
 */
void exchange_take_async(ExchangeToken* token, GList* files, GSList* names, int* numbers,
                         gsize n_numbers, GHashTable* table, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer user_data) {
    exchange_token_free(token);
    g_list_free_full(files, g_object_unref);
    g_slist_free_full(names, g_free);
    g_free(numbers);
    g_hash_table_unref(table);
    begin(n_numbers ? EXCHANGE_SUCCEED : EXCHANGE_FAIL, NULL, NULL, cancellable, callback,
          user_data);
}

gboolean exchange_take_finish(GAsyncResult* result, GError** error) {
    return finish(result, error);
}
