#include "warta/store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct migrating {
    const char *path;
    const struct asset *migrations;
    int migrations_len;
    const struct log *log;
    char *error;
    size_t error_len;
};

static const char folder[] = "sql/migrate/";

/* Whether the database may be ours to change; false says why not. */
static bool check_owner(const struct engine_schema *schema, const char *path, int known, char *error, size_t error_len)
{
    if (!schema->is_new && !schema->is_ours)
        snprintf(error, error_len, "%s: this database belongs to another program: name another file", path);
    else if (schema->version > known)
        snprintf(error, error_len,
                 "%s was made by a newer warta (schema %d; this program knows %d): use that program or a newer one",
                 path, schema->version, known);
    else
        return true;
    return false;
}

static bool fail(const struct migrating *migrating, const char *name, const char *reason)
{
    snprintf(migrating->error, migrating->error_len, "%s: %s: %s", migrating->path, name, reason);
    return false;
}

/* The name says the number, so that a file that was lost or doubled cannot shift the others. */
static bool check_number(const struct migrating *migrating, int number)
{
    const char *name = migrating->migrations[number - 1].name;
    char *end = NULL;
    long named = strtol(name + strlen(folder), &end, 10);
    bool in_sequence = named == number && *end == '_';
    return in_sequence || fail(migrating, name, "is out of sequence: the program is built wrongly");
}

/* Looks again once it holds the write lock: another process may have come first. */
static bool migrate_locked(const struct migrating *migrating, struct engine *engine, int number, bool *ran)
{
    const struct asset *migration = &migrating->migrations[number - 1];
    struct engine_schema schema;
    if (!engine_schema(engine, &schema))
        return fail(migrating, migration->name, engine_reason(engine));
    if (!check_owner(&schema, migrating->path, migrating->migrations_len, migrating->error, migrating->error_len))
        return false;
    if (schema.version >= number)
        return true;
    *ran = engine_migrate(engine, migration->bytes, number);
    return *ran || fail(migrating, migration->name, engine_reason(engine));
}

static bool migrate_one(const struct migrating *migrating, struct engine *engine, int number)
{
    const char *name = migrating->migrations[number - 1].name;
    if (!check_number(migrating, number))
        return false;
    if (!engine_begin(engine))
        return fail(migrating, name, engine_reason(engine));
    bool ran = false;
    bool ok = migrate_locked(migrating, engine, number, &ran) &&
              (engine_commit(engine) || fail(migrating, name, engine_reason(engine)));
    if (!ok)
        engine_rollback(engine);
    else if (ran)
        log_write(migrating->log, LOG_INFO, NULL, "%s: %s: schema %d", migrating->path, name, number);
    return ok;
}

static bool look(const char *path, int known, struct engine_schema *schema, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    if (engine_look(path, schema, reason))
        return check_owner(schema, path, known, error, error_len);
    snprintf(error, error_len, "%s", reason);
    return false;
}

bool migrate_run_with(const char *path, const struct asset *migrations, size_t migrations_len, const struct log *log,
                      char *error, size_t error_len)
{
    const struct migrating migrating = {path, migrations, (int)migrations_len, log, error, error_len};
    struct engine_schema schema;
    if (!look(path, migrating.migrations_len, &schema, error, error_len))
        return false;
    if (schema.version == migrating.migrations_len)
        return true;
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(path, ENGINE_MIGRATE, reason);
    bool ok = engine != NULL;
    if (!ok)
        snprintf(error, error_len, "%s", reason);
    for (int number = schema.version + 1; ok && number <= migrating.migrations_len; number++)
        ok = migrate_one(&migrating, engine, number);
    engine_close(engine);
    return ok;
}

/* A file that is not there says so itself; an empty one must be told. */
static void say_new(const char *path, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(path, ENGINE_LOOK, reason);
    snprintf(error, error_len, "%s%s", engine == NULL ? reason : path,
             engine == NULL ? "" : ": the file is empty: \"warta serve\" makes a database of it");
    engine_close(engine);
}

bool migrate_is_current_with(const char *path, size_t migrations_len, char *error, size_t error_len)
{
    int known = (int)migrations_len;
    struct engine_schema schema;
    if (!look(path, known, &schema, error, error_len))
        return false;
    if (schema.is_new)
        say_new(path, error, error_len);
    else if (schema.version < known)
        snprintf(error, error_len,
                 "%s was made by an older warta (schema %d; this program knows %d): \"warta serve\" brings it up to "
                 "date",
                 path, schema.version, known);
    return !schema.is_new && schema.version == known;
}

bool migrate_run(const char *path, const struct log *log, char *error, size_t error_len)
{
    const struct asset *migrations;
    size_t migrations_len = asset_range(folder, &migrations);
    return migrate_run_with(path, migrations, migrations_len, log, error, error_len);
}

bool migrate_is_current(const char *path, char *error, size_t error_len)
{
    const struct asset *migrations;
    size_t migrations_len = asset_range(folder, &migrations);
    return migrate_is_current_with(path, migrations_len, error, error_len);
}
