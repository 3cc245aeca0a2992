#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "database_file.h"
#include "sqlite_engine.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"

/* --- health --- */

/* A damaged database may hold names that are not valid text. */
static void add_problem(json_t *problems, const char *text)
{
    json_t *problem = json_string(text);
    if (json_array_append_new(problems, problem != NULL ? problem : json_string("damage beyond words")) != 0)
        mem_exhausted();
}

static const char *text_at(sqlite3_stmt *handle, int at)
{
    const char *text = (const char *)sqlite3_column_text(handle, at);
    return text != NULL ? text : "";
}

/* A row may tell of several problems, under a heading. */
static void integrity_problem(sqlite3_stmt *handle, json_t *problems)
{
    const char *text = text_at(handle, 0);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *line = mem_copy(text, len);
        if (strcmp(line, "ok") != 0 && strncmp(line, "***", 3) != 0)
            add_problem(problems, line);
        free(line);
        text += len + strspn(text + len, "\n");
    }
}

static void reference_problem(sqlite3_stmt *handle, json_t *problems)
{
    struct buf text = BUF_EMPTY;
    buf_format(&text, "a row of %s refers to a row of %s that is not there", text_at(handle, 0), text_at(handle, 2));
    add_problem(problems, buf_string(&text));
    buf_release(&text);
}

/* Hands each row to `add`; damage that stops the check is a problem too. */
static bool check_by(struct engine *engine, const char *sql, void (*add)(sqlite3_stmt *, json_t *), json_t *problems)
{
    sqlite3_stmt *handle = NULL;
    int code = engine_checked(sqlite3_prepare_v3(engine->db, sql, -1, 0, &handle, NULL));
    if (code == SQLITE_OK)
        code = engine_checked(sqlite3_step(handle));
    for (int rows = 0; code == SQLITE_ROW && rows < PROBLEMS_MAX; rows++) {
        add(handle, problems);
        code = engine_checked(sqlite3_step(handle));
    }
    bool damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    if (damaged)
        add_problem(problems, sqlite3_errmsg(engine->db));
    sqlite3_finalize(handle);
    return code == SQLITE_ROW || code == SQLITE_DONE || damaged;
}

bool engine_check(struct engine *engine, json_t *problems)
{
    engine->reason[0] = '\0';
    return check_by(engine, "PRAGMA integrity_check", integrity_problem, problems) &&
           check_by(engine, "PRAGMA foreign_key_check", reference_problem, problems);
}

/* --- the schema --- */

static bool read_integer(struct engine *engine, const char *sql, int *value)
{
    sqlite3_stmt *handle = NULL;
    bool ok = engine_checked(sqlite3_prepare_v3(engine->db, sql, -1, 0, &handle, NULL)) == SQLITE_OK &&
              engine_checked(sqlite3_step(handle)) == SQLITE_ROW;
    *value = ok ? sqlite3_column_int(handle, 0) : 0;
    sqlite3_finalize(handle);
    return ok;
}

bool engine_schema(struct engine *engine, struct engine_schema *schema)
{
    int application, version, objects;
    if (!read_integer(engine, "PRAGMA application_id", &application) ||
        !read_integer(engine, "PRAGMA user_version", &version) ||
        !read_integer(engine, "SELECT count(*) FROM sqlite_schema", &objects))
        return false;
    schema->is_ours = application == APPLICATION_ID;
    schema->is_new = application == 0 && version == 0 && objects == 0;
    schema->version = version;
    return true;
}

/* All of it as it stood at one moment, also while another process migrates. `stale`: one has opened the database while
 * it was read without locks. */
static bool look_once(const char *path, struct engine_schema *schema, bool *stale, char error[static ENGINE_ERROR_CAP])
{
    struct engine *engine = engine_open(path, ENGINE_LOOK, error);
    *stale = false;
    if (engine == NULL)
        return false;
    bool ok = engine_execute(engine, "BEGIN") && engine_schema(engine, schema);
    if (!ok)
        engine_say(engine, path, error);
    *stale = engine->immutable && file_has_side(path, "-wal");
    engine_close(engine);
    return ok;
}

bool engine_look(const char *path, struct engine_schema *schema, char error[static ENGINE_ERROR_CAP])
{
    struct stat info;
    *schema = (struct engine_schema){.is_new = true};
    if (stat(path, &info) == 0 ? info.st_size == 0 && S_ISREG(info.st_mode) : errno == ENOENT)
        return true;
    bool stale;
    bool ok = look_once(path, schema, &stale, error);
    return stale ? look_once(path, schema, &stale, error) : ok;
}

bool engine_migrate(struct engine *engine, const char *script, int version)
{
    json_t *problems = json_array();
    struct buf mark = BUF_EMPTY;
    engine->reason[0] = '\0';
    buf_format(&mark, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, version);
    bool ok =
        engine_execute(engine, script) && check_by(engine, "PRAGMA foreign_key_check", reference_problem, problems) &&
        (json_array_size(problems) == 0 || engine_fail(engine, "%s", json_string_value(json_array_get(problems, 0)))) &&
        engine_execute(engine, buf_string(&mark));
    buf_release(&mark);
    json_decref(problems);
    return ok;
}
