#include "sqlite_engine.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database_file.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"

struct engine_statement {
    sqlite3_stmt *handle;
    sqlite3 *db;
};

int engine_checked(int code)
{
    if ((code & 0xff) == SQLITE_NOMEM)
        mem_exhausted();
    return code;
}

bool engine_execute(struct engine *engine, const char *sql)
{
    return engine_checked(sqlite3_exec(engine->db, sql, NULL, NULL, NULL)) == SQLITE_OK;
}

static bool is_full(sqlite3 *db)
{
    int number = sqlite3_system_errno(db);
    int code = sqlite3_errcode(db) & 0xff;
    return code == SQLITE_FULL || (code == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT));
}

static const char *advice(sqlite3 *db)
{
    if (is_full(db))
        return " (make room on its disk)";
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_NOTADB:
        return " (is this the right file?)";
    case SQLITE_CORRUPT:
        return " (restore a backup)";
    case SQLITE_BUSY:
        return " (another program holds it: close that first)";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return " (may this user write to its folder, or is its disk read-only?)";
    case SQLITE_IOERR:
        return " (is its disk in order?)";
    default:
        return "";
    }
}

/* The extended codes tell apart what shares one message, such as the many kinds of "disk I/O error". */
const char *engine_reason(struct engine *engine)
{
    char kind[32] = "";
    int code = sqlite3_extended_errcode(engine->db);
    if (*engine->reason != '\0')
        return engine->reason;
    if (code > 0xff)
        snprintf(kind, sizeof kind, " (SQLite code %d)", code);
    snprintf(engine->said, sizeof engine->said, "%s%s%s", sqlite3_errmsg(engine->db), kind, advice(engine->db));
    return engine->said;
}

bool engine_unavailable(const struct engine *engine)
{
    switch (sqlite3_errcode(engine->db) & 0xff) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
        return true;
    default:
        return false;
    }
}

bool engine_fail(struct engine *engine, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(engine->reason, sizeof engine->reason, format, arguments);
    va_end(arguments);
    return false;
}

/* --- what a statement may do --- */

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && sqlite3_stricmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* The full-text index asks for data_version by itself; the checks are store_check's. All three only read. */
static bool pragma_allowed(const char *name)
{
    static const char *const names[] = {"data_version", "integrity_check", "foreign_key_check", NULL};
    return is_one_of(name, names);
}

static bool function_allowed(const char *name)
{
    static const char *const denied[] = {"load_extension", "fts3_tokenizer", NULL};
    return !is_one_of(name, denied);
}

static bool allows(const struct engine *engine, int action, const char *first, const char *second)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return true;
    case SQLITE_TRANSACTION:
        return !engine->preparing;
    case SQLITE_FUNCTION:
        return function_allowed(second);
    case SQLITE_PRAGMA:
        return pragma_allowed(first);
    case SQLITE_UPDATE:
        /* So json_each declares itself; a real change of that table is refused in defensive mode. */
        return engine->access == ENGINE_WRITE || strcmp(first, "sqlite_master") == 0;
    case SQLITE_INSERT:
    case SQLITE_DELETE:
        return engine->access == ENGINE_WRITE;
    default:
        return false;
    }
}

static int authorize(void *data, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)database;
    (void)trigger;
    return allows(data, action, first, second) ? SQLITE_OK : SQLITE_DENY;
}

/* --- opening --- */

static void set_limits(sqlite3 *db)
{
    static const int limits[][2] = {
        {SQLITE_LIMIT_LENGTH, 64 << 20},         {SQLITE_LIMIT_SQL_LENGTH, 1 << 20}, {SQLITE_LIMIT_VARIABLE_NUMBER, 64},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200}, {SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_EXPR_DEPTH, 100},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
}

/* Nothing that stands in the file, whoever wrote it, may run more than plain SQL. */
static void set_defences(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    set_limits(db);
}

static bool writes(enum engine_access access)
{
    return access == ENGINE_WRITE || access == ENGINE_MIGRATE;
}

/* SQLite does not wait for others here by itself. */
static bool enter_wal(struct engine *engine)
{
    bool ok = engine_execute(engine, "PRAGMA journal_mode = WAL");
    for (int waited_ms = 0; !ok && waited_ms < BUSY_MS; waited_ms += RETRY_MS) {
        if ((sqlite3_errcode(engine->db) & 0xff) != SQLITE_BUSY)
            return false;
        sqlite3_sleep(RETRY_MS);
        ok = engine_execute(engine, "PRAGMA journal_mode = WAL");
    }
    return ok;
}

static bool set_pragmas(struct engine *engine)
{
    /* Not memory-mapped: after each commit readers would unmap the file, and wait for whoever holds the process's memory
     * map, such as a password's hash that fills its 64 MiB. A cache of 8 MiB for each connection stands in for it. */
    static const char common[] = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
                                 "PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 16777216;";
    /* cell_size_check keeps damage from spreading. A reader spreads none, and would pay for it at
     * each page that it reads.
     *
     * foreign_keys is off by SQLite's own advice for changing tables (lang_altertable.html, section 7): else dropping a
     * table that is rebuilt would delete what refers to it. engine_migrate checks references at the end instead. */
    static const char *const own[] = {
        [ENGINE_LOOK] = "PRAGMA query_only = ON;",
        [ENGINE_READ] = "PRAGMA query_only = ON;",
        [ENGINE_WRITE] = "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;",
        [ENGINE_MIGRATE] = "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = OFF;",
    };
    return engine_execute(engine, common) && engine_execute(engine, own[engine->access]) &&
           (!writes(engine->access) || enter_wal(engine));
}

/* Without its side files the database is read as it lies there: a look that took locks would leave new ones behind. */
static int open_handle(struct engine *engine, const char *path)
{
    bool look = engine->access == ENGINE_LOOK;
    bool unfinished = file_has_side(path, "-journal");
    engine->immutable = look && !unfinished && !file_has_side(path, "-wal");
    char *uri = file_uri(path, engine->immutable);
    int mode = look && !unfinished ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = engine_checked(
        sqlite3_open_v2(uri, &engine->db, mode | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL));
    free(uri);
    return code;
}

static bool configure(struct engine *engine, const char *path)
{
    if (open_handle(engine, path) != SQLITE_OK)
        return false;
    sqlite3_extended_result_codes(engine->db, 1);
    sqlite3_busy_timeout(engine->db, BUSY_MS);
    set_defences(engine->db);
    if (!set_pragmas(engine))
        return false;
    if (engine->access == ENGINE_READ || engine->access == ENGINE_WRITE)
        sqlite3_set_authorizer(engine->db, authorize, engine);
    return true;
}

void engine_say(const struct engine *engine, const char *path, char error[static ENGINE_ERROR_CAP])
{
    snprintf(error, ENGINE_ERROR_CAP, "%s: %s%s", path, sqlite3_errmsg(engine->db), advice(engine->db));
}

struct engine *engine_open(const char *path, enum engine_access access, char error[static ENGINE_ERROR_CAP])
{
    if (file_problem(path, writes(access), access == ENGINE_MIGRATE, error, ENGINE_ERROR_CAP))
        return NULL;
    if (access == ENGINE_MIGRATE && !file_create(path)) {
        snprintf(error, ENGINE_ERROR_CAP, "%s: the database cannot be created: %s", path, strerror(errno));
        return NULL;
    }
    struct engine *engine = mem_alloc(sizeof *engine);
    engine->access = access;
    if (configure(engine, path))
        return engine;
    engine_say(engine, path, error);
    engine_close(engine);
    return NULL;
}

struct engine *engine_open_plain(const char *path)
{
    struct engine *engine = mem_alloc(sizeof *engine);
    char *uri = file_uri(path, false);
    engine->access = ENGINE_MIGRATE;
    engine_checked(sqlite3_open_v2(uri, &engine->db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                       SQLITE_OPEN_EXRESCODE,
                                   NULL));
    free(uri);
    sqlite3_extended_result_codes(engine->db, 1);
    sqlite3_busy_timeout(engine->db, BUSY_MS);
    set_defences(engine->db);
    return engine;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL)
        return;
    int code = sqlite3_close(engine->db);
    assert(code == SQLITE_OK && "statements are released before their connection");
    (void)code;
    free(engine);
}

/* --- statements --- */

/* Whether another statement stands behind the first, one that cannot be compiled included. */
static bool has_another(sqlite3 *db, const char *tail)
{
    sqlite3_stmt *handle = NULL;
    bool another = engine_checked(sqlite3_prepare_v3(db, tail, -1, 0, &handle, NULL)) != SQLITE_OK || handle != NULL;
    sqlite3_finalize(handle);
    return another;
}

enum engine_verdict engine_prepare(struct engine *engine, const char *text, struct engine_statement **statement)
{
    sqlite3_stmt *handle = NULL;
    const char *tail = NULL;
    engine->reason[0] = '\0';
    engine->preparing = true;
    int code = engine_checked(
        sqlite3_prepare_v3(engine->db, text, (int)strlen(text) + 1, SQLITE_PREPARE_PERSISTENT, &handle, &tail));
    engine->preparing = false;
    if (code != SQLITE_OK)
        return (code & 0xff) == SQLITE_AUTH ? ENGINE_REFUSED : ENGINE_BAD;
    if (handle == NULL || has_another(engine->db, tail)) {
        engine_fail(engine, "must be one statement, and holds %s", handle == NULL ? "none" : "more");
        sqlite3_finalize(handle);
        return ENGINE_BAD;
    }
    *statement = mem_alloc(sizeof **statement);
    **statement = (struct engine_statement){.handle = handle, .db = engine->db};
    return ENGINE_PREPARED;
}

void engine_release(struct engine_statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_finalize(statement->handle);
    free(statement);
}

bool engine_writes(const struct engine_statement *statement)
{
    return !sqlite3_stmt_readonly(statement->handle);
}

size_t engine_params(const struct engine_statement *statement)
{
    return (size_t)sqlite3_bind_parameter_count(statement->handle);
}

const char *engine_param(const struct engine_statement *statement, size_t index)
{
    const char *name = sqlite3_bind_parameter_name(statement->handle, (int)index + 1);
    return name != NULL && *name == ':' ? name + 1 : NULL;
}

size_t engine_columns(const struct engine_statement *statement)
{
    return (size_t)sqlite3_column_count(statement->handle);
}

const char *engine_column_name(const struct engine_statement *statement, size_t index)
{
    return sqlite3_column_name(statement->handle, (int)index);
}

static int bind_text(sqlite3_stmt *handle, int at, const json_t *value)
{
    return sqlite3_bind_text64(handle, at, json_string_value(value), json_string_length(value), SQLITE_STATIC,
                               SQLITE_UTF8);
}

static int bind_json(sqlite3_stmt *handle, int at, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    if (text == NULL)
        mem_exhausted();
    return sqlite3_bind_text64(handle, at, text, strlen(text), free, SQLITE_UTF8);
}

static int bind_value(sqlite3_stmt *handle, int at, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return bind_text(handle, at, value);
    case JSON_INTEGER:
        return sqlite3_bind_int64(handle, at, json_integer_value(value));
    case JSON_REAL:
        return sqlite3_bind_double(handle, at, json_real_value(value));
    case JSON_TRUE:
    case JSON_FALSE:
        return sqlite3_bind_int(handle, at, json_is_true(value));
    case JSON_NULL:
        return sqlite3_bind_null(handle, at);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return bind_json(handle, at, value);
}

const char *engine_bind(struct engine_statement *statement, size_t index, const json_t *value)
{
    /* SQLite leaves undefined what its functions make of such a string (c3ref/bind_blob.html). */
    if (json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value))
        return "holds a NUL character";
    if (engine_checked(bind_value(statement->handle, (int)index + 1, value)) != SQLITE_OK)
        return sqlite3_errmsg(statement->db);
    return NULL;
}

const char *engine_bind_bytes(struct engine_statement *statement, size_t index, const void *bytes, size_t len)
{
    /* A null pointer would bind NULL (c3ref/bind_blob.html). */
    const void *from = len == 0 ? "" : bytes;
    if (engine_checked(sqlite3_bind_blob64(statement->handle, (int)index + 1, from, len, SQLITE_STATIC)) != SQLITE_OK)
        return sqlite3_errmsg(statement->db);
    return NULL;
}

enum engine_step engine_step(struct engine_statement *statement)
{
    int code = engine_checked(sqlite3_step(statement->handle));
    return code == SQLITE_ROW ? ENGINE_ROW : code == SQLITE_DONE ? ENGINE_DONE : ENGINE_FAILED;
}

size_t engine_changed(struct engine *engine)
{
    return (size_t)sqlite3_changes64(engine->db);
}

void engine_reset(struct engine_statement *statement)
{
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

/* --- columns --- */

/* Eight bytes at a time: most text is ASCII, and needs no closer look at whether it is UTF-8. */
static bool is_ascii(const char *text, size_t len)
{
    uint64_t word, seen = 0;
    size_t at = 0;
    for (; at + sizeof word <= len; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        seen |= word;
    }
    for (; at < len; at++)
        seen |= (unsigned char)text[at];
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

static json_t *column_text(sqlite3_stmt *handle, int at, enum column_kind kind, const char **problem)
{
    const char *text = (const char *)sqlite3_column_text(handle, at);
    size_t text_len = (size_t)sqlite3_column_bytes(handle, at);
    if (text == NULL)
        mem_exhausted();
    *problem = kind == COLUMN_JSON ? "holds no valid JSON" : "holds text that is not valid UTF-8";
    if (kind == COLUMN_JSON)
        return json_loadb(text, text_len, JSON_DECODE_ANY, NULL);
    return is_ascii(text, text_len) ? json_stringn_nocheck(text, text_len) : json_stringn(text, text_len);
}

static json_t *column_bool(sqlite3_stmt *handle, int at, const char **problem)
{
    sqlite3_int64 value = sqlite3_column_int64(handle, at);
    *problem = "is neither 0 nor 1";
    return value == 0 || value == 1 ? json_boolean(value) : NULL;
}

json_t *engine_column(struct engine_statement *statement, size_t index, enum column_kind kind, const char **problem)
{
    sqlite3_stmt *handle = statement->handle;
    int at = (int)index;
    int type = sqlite3_column_type(handle, at);
    *problem = "holds a value of a type that its columns line does not say";
    if (type == SQLITE_NULL)
        return json_null();
    if (type == SQLITE_TEXT)
        return kind == COLUMN_BOOL ? NULL : column_text(handle, at, kind, problem);
    if (type == SQLITE_INTEGER && kind == COLUMN_BOOL)
        return column_bool(handle, at, problem);
    if (type == SQLITE_BLOB || kind != COLUMN_PLAIN)
        return NULL;
    if (type == SQLITE_INTEGER)
        return json_integer(sqlite3_column_int64(handle, at));
    *problem = "holds a number that JSON cannot";
    return json_real(sqlite3_column_double(handle, at));
}

bool engine_column_bytes(struct engine_statement *statement, size_t index, const char **bytes, size_t *len)
{
    sqlite3_stmt *handle = statement->handle;
    if (sqlite3_column_type(handle, (int)index) != SQLITE_BLOB)
        return false;
    *bytes = sqlite3_column_blob(handle, (int)index);
    *len = (size_t)sqlite3_column_bytes(handle, (int)index);
    if (*bytes == NULL && sqlite3_errcode(statement->db) == SQLITE_NOMEM)
        mem_exhausted();
    return true;
}

/* --- transactions --- */

bool engine_begin(struct engine *engine)
{
    engine->reason[0] = '\0';
    return engine_execute(engine, engine->access == ENGINE_READ ? "BEGIN" : "BEGIN IMMEDIATE");
}

bool engine_commit(struct engine *engine)
{
    engine->reason[0] = '\0';
    return engine_execute(engine, "COMMIT");
}

void engine_rollback(struct engine *engine)
{
    /* SQLite has rolled back by itself after some failures; this then only says that there is no transaction. */
    if (!sqlite3_get_autocommit(engine->db))
        engine_execute(engine, "ROLLBACK");
}
