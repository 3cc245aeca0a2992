#include "warta/store/store.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine.h"
#include "timing.h"
#include "warta/base/clock.h"
#include "warta/base/mem.h"
#include "warta/store/migrate.h"

struct column {
    const char *name;
    size_t name_len;
    enum column_kind kind;
};

/* Parameters and columns stand in the engine's order; they are there once it is prepared. */
struct statement {
    const char *name, *file, *text;
    bool prepared;
    struct engine_statement *engine; /* NULL: not prepared, or a read-only store may not have it */
    size_t params_len, columns_len;
    const char **params;
    struct column *columns;
};

struct store {
    struct engine *engine;
    const struct log *log;
    struct arena arena;
    const char *path;
    enum store_access access;
    const char *request_id;
    bool may_write;
    bool in_transaction;
    bool unavailable;
    bool doomed; /* something in this transaction failed, so that it cannot be committed */
    size_t statements_len;
    struct statement *statements;
    struct timing *timings; /* of the statements, begin and commit */
};

/* --- the comment lines that a statement begins with --- */

enum { WORDS_MAX = 64, TIMED_APART = STORE_TIMED - STORE_TIMED_BEGIN };

struct words {
    const char *word[WORDS_MAX];
    size_t len;
};

/* What stands behind `label` in the leading comment lines; NULL if no line begins so. */
static const char *comment_find(const char *text, const char *label, size_t *len)
{
    for (; strncmp(text, "--", 2) == 0; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strncmp(text, label, strlen(label)) == 0) {
            text += strlen(label);
            *len = strcspn(text, "\r\n");
            return text;
        }
    }
    return NULL;
}

/* False if there are more than WORDS_MAX. */
static bool words_split(struct arena *arena, const char *text, const char *label, struct words *words)
{
    size_t len = 0;
    const char *line = comment_find(text, label, &len);
    char *rest = line == NULL ? NULL : arena_copy(arena, line, len);
    char *saved = NULL;
    words->len = 0;
    for (char *word = line == NULL ? NULL : strtok_r(rest, " \t", &saved); word != NULL;
         word = strtok_r(NULL, " \t", &saved)) {
        if (words->len == WORDS_MAX)
            return false;
        words->word[words->len++] = word;
    }
    return true;
}

/* Our own copy of `word`; NULL if it is not among them. */
static const char *words_find(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->len; i++) {
        if (strcmp(words->word[i], word) == 0)
            return words->word[i];
    }
    return NULL;
}

/* --- preparing: each line of the contract against what the engine makes of the statement --- */

struct preparing {
    struct store *store;
    char reason[ENGINE_ERROR_CAP];
};

/* Always false. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct preparing *preparing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(preparing->reason, sizeof preparing->reason, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_params(struct preparing *preparing, struct statement *statement)
{
    struct words words;
    if (!words_split(&preparing->store->arena, statement->text, "-- params:", &words))
        return refuse(preparing, "has more than %d parameters", WORDS_MAX);
    statement->params_len = engine_params(statement->engine);
    statement->params = arena_alloc(&preparing->store->arena, statement->params_len * sizeof *statement->params + 1);
    for (size_t i = 0; i < statement->params_len; i++) {
        const char *name = engine_param(statement->engine, i);
        if (name == NULL)
            return refuse(preparing, "parameter %zu is not of the form :name", i + 1);
        statement->params[i] = words_find(&words, name);
        if (statement->params[i] == NULL)
            return refuse(preparing, "its params line lacks \"%s\"", name);
    }
    if (words.len != statement->params_len)
        return refuse(preparing, "its params line names %zu parameters, the statement has %zu", words.len,
                      statement->params_len);
    return true;
}

/* Takes "name", "name:json" or "name:bool" apart; false for another kind. */
static bool column_init(struct column *column, const char *word)
{
    const char *colon = strchr(word, ':');
    *column = (struct column){.name = word, .name_len = strcspn(word, ":")};
    if (colon != NULL)
        column->kind = strcmp(colon, ":json") == 0 ? COLUMN_JSON : COLUMN_BOOL;
    return colon == NULL || column->kind == COLUMN_JSON || strcmp(colon, ":bool") == 0;
}

static bool check_column(struct preparing *preparing, const struct statement *statement, size_t index)
{
    const struct column *column = &statement->columns[index];
    const char *actual = engine_column_name(statement->engine, index);
    if (strlen(actual) != column->name_len || memcmp(actual, column->name, column->name_len) != 0)
        return refuse(preparing, "column %zu is \"%s\", its columns line says \"%.*s\"", index + 1, actual,
                      (int)column->name_len, column->name);
    for (size_t i = 0; i < index; i++) {
        const struct column *earlier = &statement->columns[i];
        if (earlier->name_len == column->name_len && memcmp(earlier->name, column->name, column->name_len) == 0)
            return refuse(preparing, "two columns are named \"%s\"", actual);
    }
    return true;
}

static bool check_columns(struct preparing *preparing, struct statement *statement)
{
    struct words words;
    if (!words_split(&preparing->store->arena, statement->text, "-- columns:", &words))
        return refuse(preparing, "has more than %d columns", WORDS_MAX);
    statement->columns_len = engine_columns(statement->engine);
    if (words.len != statement->columns_len)
        return refuse(preparing, "its columns line names %zu columns, the statement has %zu", words.len,
                      statement->columns_len);
    statement->columns = arena_alloc(&preparing->store->arena, words.len * sizeof *statement->columns + 1);
    for (size_t i = 0; i < words.len; i++) {
        if (!column_init(&statement->columns[i], words.word[i]))
            return refuse(preparing, "\"%s\" is neither :json nor :bool", words.word[i]);
        if (!check_column(preparing, statement, i))
            return false;
    }
    return true;
}

/* False with a reason where the statement is bad. */
static bool statement_prepare(struct preparing *preparing, struct statement *statement)
{
    struct engine *engine = preparing->store->engine;
    enum engine_verdict verdict = engine_prepare(engine, statement->text, &statement->engine);
    if (verdict == ENGINE_REFUSED && preparing->store->access == STORE_READ)
        return statement->prepared = true;
    if (verdict != ENGINE_PREPARED)
        return refuse(preparing, "%s", engine_reason(engine));
    statement->prepared = check_params(preparing, statement) && check_columns(preparing, statement);
    if (!statement->prepared) {
        engine_release(statement->engine);
        statement->engine = NULL;
    }
    return statement->prepared;
}

bool store_prepare(struct store *store, char *error, size_t error_len)
{
    struct preparing preparing = {.store = store};
    for (size_t i = 0; i < store->statements_len; i++) {
        struct statement *statement = &store->statements[i];
        if (!statement->prepared && !statement_prepare(&preparing, statement)) {
            snprintf(error, error_len, "%s: %s: %s: %s", store->path, statement->file, statement->name,
                     preparing.reason);
            return false;
        }
    }
    return true;
}

/* --- opening --- */

static struct store *store_create(const char *path, enum store_access access, const struct statement_source *sources,
                                  size_t sources_len, const struct log *log, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(path, access == STORE_WRITE ? ENGINE_WRITE : ENGINE_READ, reason);
    if (engine == NULL) {
        snprintf(error, error_len, "%s", reason);
        return NULL;
    }
    struct store *store = mem_alloc(sizeof *store);
    *store = (struct store){.engine = engine, .log = log, .access = access, .may_write = access == STORE_WRITE};
    arena_init(&store->arena);
    store->path = arena_copy(&store->arena, path, strlen(path));
    store->statements = arena_alloc(&store->arena, sources_len * sizeof *store->statements + 1);
    store->statements_len = sources_len;
    store->timings = mem_alloc((sources_len + TIMED_APART) * sizeof *store->timings);
    for (size_t i = 0; i < sources_len; i++)
        store->statements[i] =
            (struct statement){.name = sources[i].name, .file = sources[i].file, .text = sources[i].text};
    return store;
}

struct store *store_open_with(const char *path, enum store_access access, const struct statement_source *sources,
                              size_t sources_len, const struct log *log, char *error, size_t error_len)
{
    struct store *store = store_create(path, access, sources, sources_len, log, error, error_len);
    if (store == NULL || store_prepare(store, error, error_len))
        return store;
    store_destroy(store);
    return NULL;
}

struct store *store_open(const char *path, enum store_access access, const struct log *log, char *error,
                         size_t error_len)
{
    struct statement_source sources[SQL_COUNT];
    for (size_t i = 0; i < SQL_COUNT; i++)
        sources[i] = (struct statement_source){sql_name((enum sql)i), sql_text((enum sql)i), sql_file((enum sql)i)};
    if (!migrate_is_current(path, error, error_len))
        return NULL;
    return store_create(path, access, sources, SQL_COUNT, log, error, error_len);
}

void store_destroy(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->statements_len; i++)
        engine_release(store->statements[i].engine);
    engine_close(store->engine);
    free(store->timings);
    arena_release(&store->arena);
    free(store);
}

void store_request(struct store *store, const char *request_id, bool may_write)
{
    store->request_id = request_id;
    store->may_write = may_write;
    store->unavailable = false;
}

bool store_unavailable(const struct store *store)
{
    return store->unavailable;
}

static void note_time(struct store *store, size_t timed, const char *name, int64_t begun_ns)
{
    timing_note(&store->timings[timed], name, begun_ns, store->log, store->request_id);
}

void store_timings_add(const struct store *store, struct store_timing sums[static STORE_TIMED])
{
    assert(store->statements_len == SQL_COUNT);
    for (size_t i = 0; i < STORE_TIMED; i++)
        timing_add(&store->timings[i], &sums[i]);
}

/* --- running: every verb goes through run() --- */

/* Always false. */
__attribute__((format(printf, 3, 4))) static bool fault(struct store *store, const char *name, const char *format, ...)
{
    char reason[ENGINE_ERROR_CAP];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    log_write(store->log, LOG_ERROR, store->request_id, "%s: %s", name, reason);
    store->doomed = store->in_transaction;
    return false;
}

/* What the engine could not do. */
static bool engine_fault(struct store *store, const char *name)
{
    store->unavailable |= engine_unavailable(store->engine);
    return fault(store, name, "%s", engine_reason(store->engine));
}

/* The statement, prepared; NULL on a fault. */
static const struct statement *statement_of(struct store *store, enum sql sql)
{
    assert((size_t)sql < store->statements_len);
    struct statement *statement = &store->statements[sql];
    struct preparing preparing = {.store = store};
    if (statement->prepared || statement_prepare(&preparing, statement))
        return statement;
    store->unavailable |= engine_unavailable(store->engine);
    fault(store, statement->name, "%s", preparing.reason);
    return NULL;
}

static bool may_run(struct store *store, const struct statement *statement)
{
    if (statement == NULL)
        return false;
    if (statement->engine == NULL)
        return fault(store, statement->name, "writes, and the store is open for reading only");
    if (engine_writes(statement->engine) && !store->may_write)
        return fault(store, statement->name, "writes, and this request may not");
    return true;
}

/* Names a key of `params` that is none of the statement's. */
static bool fault_unknown(struct store *store, const struct statement *statement, const json_t *params)
{
    json_t *unknown = json_deep_copy(params);
    for (size_t i = 0; i < statement->params_len; i++)
        json_object_del(unknown, statement->params[i]);
    fault(store, statement->name, "has no parameter \"%s\"", json_object_iter_key(json_object_iter(unknown)));
    json_decref(unknown);
    return false;
}

/* A parameter beside those in JSON, which has no bytes. */
struct bytes_param {
    const char *name;
    const void *bytes;
    size_t len;
};

static bool is_bytes(const struct bytes_param *bytes, const char *name)
{
    return bytes != NULL && strcmp(bytes->name, name) == 0;
}

static bool bind_params(struct store *store, const struct statement *statement, const json_t *params,
                        const struct bytes_param *bytes)
{
    size_t bound = 0;
    for (size_t i = 0; i < statement->params_len; i++) {
        const char *problem = "is missing";
        const json_t *value = json_object_get(params, statement->params[i]);
        if (value != NULL)
            problem = engine_bind(statement->engine, i, value);
        else if (is_bytes(bytes, statement->params[i]))
            problem = engine_bind_bytes(statement->engine, i, bytes->bytes, bytes->len);
        if (problem != NULL)
            return fault(store, statement->name, "parameter \"%s\" %s", statement->params[i], problem);
        bound += value != NULL;
    }
    if (json_object_size(params) > bound)
        return fault_unknown(store, statement, params);
    if (bytes != NULL && bound == statement->params_len)
        return fault(store, statement->name, "has no parameter \"%s\"", bytes->name);
    return true;
}

static json_t *read_column(struct store *store, const struct statement *statement, size_t index)
{
    const char *problem = NULL;
    json_t *value = engine_column(statement->engine, index, statement->columns[index].kind, &problem);
    if (value == NULL)
        fault(store, statement->name, "column %.*s %s", (int)statement->columns[index].name_len,
              statement->columns[index].name, problem);
    return value;
}

static json_t *read_object(struct store *store, const struct statement *statement)
{
    json_t *object = json_object();
    for (size_t i = 0; i < statement->columns_len; i++) {
        const struct column *column = &statement->columns[i];
        json_t *value = read_column(store, statement, i);
        if (value == NULL) {
            json_decref(object);
            return NULL;
        }
        if (json_object_setn_new_nocheck(object, column->name, column->name_len, value) != 0)
            mem_exhausted();
    }
    return object;
}

enum wanted { WANT_ROWS, WANT_ROW, WANT_VALUE, WANT_EFFECT };

/* Puts the row that the engine stands on into `result`; false on a fault. */
static bool take_row(struct store *store, const struct statement *statement, enum wanted wanted, json_t **result)
{
    json_t *taken = wanted == WANT_VALUE ? read_column(store, statement, 0) : read_object(store, statement);
    if (taken == NULL)
        return false;
    if (wanted == WANT_ROWS)
        return json_array_append_new(*result, taken) == 0;
    json_decref(*result);
    *result = taken;
    return true;
}

/* A statement that writes runs to its end even when only its first row is wanted: outside a transaction that is where it
 * commits, and says so if it cannot. */
static json_t *collect(struct store *store, const struct statement *statement, enum wanted wanted)
{
    json_t *result = wanted == WANT_ROWS ? json_array() : json_null();
    bool more = wanted == WANT_ROWS || engine_writes(statement->engine);
    enum engine_step step = engine_step(statement->engine);
    bool ok = true;
    for (size_t rows = 0; ok && step == ENGINE_ROW; rows++) {
        if (wanted == WANT_ROWS || (rows == 0 && wanted != WANT_EFFECT))
            ok = take_row(store, statement, wanted, &result);
        if (!more)
            break;
        step = engine_step(statement->engine);
    }
    if (ok && step == ENGINE_FAILED)
        ok = engine_fault(store, statement->name);
    if (ok)
        return result;
    json_decref(result);
    return NULL;
}

/* In a doomed transaction nothing runs any more, without a word: the log has the cause. */
static json_t *run_with(struct store *store, enum sql sql, const json_t *params, const struct bytes_param *bytes,
                        enum wanted wanted)
{
    const struct statement *statement = store->doomed ? NULL : statement_of(store, sql);
    if (!may_run(store, statement))
        return NULL;
    assert((wanted == WANT_EFFECT || statement->columns_len > 0) && "a statement without columns has no rows");
    int64_t begun_ns = clock_ns();
    json_t *result = bind_params(store, statement, params, bytes) ? collect(store, statement, wanted) : NULL;
    engine_reset(statement->engine);
    note_time(store, (size_t)sql, statement->name, begun_ns);
    return result;
}

static json_t *run(struct store *store, enum sql sql, const json_t *params, enum wanted wanted)
{
    return run_with(store, sql, params, NULL, wanted);
}

json_t *store_rows(struct store *store, enum sql sql, const json_t *params)
{
    return run(store, sql, params, WANT_ROWS);
}

json_t *store_row(struct store *store, enum sql sql, const json_t *params)
{
    return run(store, sql, params, WANT_ROW);
}

json_t *store_value(struct store *store, enum sql sql, const json_t *params)
{
    return run(store, sql, params, WANT_VALUE);
}

bool store_exec(struct store *store, enum sql sql, const json_t *params, size_t *changed)
{
    json_t *done = run(store, sql, params, WANT_EFFECT);
    if (done != NULL && changed != NULL)
        *changed = engine_writes(store->statements[sql].engine) ? engine_changed(store->engine) : 0;
    json_decref(done);
    return done != NULL;
}

bool store_exec_bytes(struct store *store, enum sql sql, const json_t *params, const char *name, const void *bytes,
                      size_t len)
{
    const struct bytes_param param = {name, bytes, len};
    json_t *done = run_with(store, sql, params, &param, WANT_EFFECT);
    json_decref(done);
    return done != NULL;
}

static bool take_bytes(struct store *store, const struct statement *statement, struct buf *out)
{
    const char *bytes;
    size_t len;
    enum engine_step step = engine_step(statement->engine);
    if (step == ENGINE_FAILED)
        return engine_fault(store, statement->name);
    if (step == ENGINE_DONE)
        return false;
    if (!engine_column_bytes(statement->engine, 0, &bytes, &len))
        return fault(store, statement->name, "column %.*s holds no bytes", (int)statement->columns[0].name_len,
                     statement->columns[0].name);
    buf_append(out, bytes, len);
    return true;
}

bool store_bytes(struct store *store, enum sql sql, const json_t *params, struct buf *out)
{
    const struct statement *statement = store->doomed ? NULL : statement_of(store, sql);
    if (!may_run(store, statement))
        return false;
    assert(statement->columns_len > 0 && !engine_writes(statement->engine) && "bytes are read");
    int64_t begun_ns = clock_ns();
    bool ok = bind_params(store, statement, params, NULL) && take_bytes(store, statement, out);
    engine_reset(statement->engine);
    note_time(store, (size_t)sql, statement->name, begun_ns);
    return ok;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

static uint64_t file_size(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

struct store_size store_size(const struct store *store)
{
    struct buf wal = BUF_EMPTY;
    buf_format(&wal, "%s-wal", store->path);
    struct store_size size = {.database = file_size(store->path), .wal = file_size(buf_string(&wal))};
    buf_release(&wal);
    return size;
}

/* --- transactions --- */

bool store_begin(struct store *store)
{
    assert(!store->in_transaction && "transactions do not nest");
    if (store->access == STORE_WRITE && !store->may_write)
        return fault(store, "begin", "writes, and this request may not");
    int64_t begun_ns = clock_ns();
    bool ok = engine_begin(store->engine);
    note_time(store, store->statements_len, "begin", begun_ns);
    if (!ok)
        return engine_fault(store, "begin");
    store->in_transaction = true;
    return true;
}

bool store_commit(struct store *store)
{
    assert(store->in_transaction);
    int64_t begun_ns = clock_ns();
    bool ok = !store->doomed && engine_commit(store->engine);
    note_time(store, store->statements_len + 1, "commit", begun_ns);
    if (!ok && !store->doomed)
        engine_fault(store, "commit");
    if (!ok)
        engine_rollback(store->engine);
    store->in_transaction = store->doomed = false;
    return ok;
}

void store_rollback(struct store *store)
{
    assert(store->in_transaction);
    engine_rollback(store->engine);
    store->in_transaction = store->doomed = false;
}

bool store_check(struct store *store, json_t *problems)
{
    return engine_check(store->engine, problems) || engine_fault(store, "check");
}
