#include "warta/store/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database_file.h"
#include "engine.h"
#include "warta/base/buf.h"
#include "warta/store/backup.h"
#include "warta/store/hold.h"

struct migrating {
    const char *path;
    const char *name; /* what messages call it */
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
    snprintf(migrating->error, migrating->error_len, "%s: %s: %s", migrating->name, name, reason);
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
    if (!check_owner(&schema, migrating->name, migrating->migrations_len, migrating->error, migrating->error_len))
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
        log_write(migrating->log, LOG_INFO, NULL, "%s: %s: schema %d", migrating->name, name, number);
    return ok;
}

static bool look(const char *path, const char *name, int known, struct engine_schema *schema, char *error,
                 size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    if (engine_look(path, schema, reason))
        return check_owner(schema, name, known, error, error_len);
    snprintf(error, error_len, "%s", reason);
    return false;
}

static bool migrate_from(const struct migrating *migrating, int version)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(migrating->path, ENGINE_MIGRATE, reason);
    bool ok = engine != NULL;
    if (!ok)
        snprintf(migrating->error, migrating->error_len, "%s", reason);
    for (int number = version + 1; ok && number <= migrating->migrations_len; number++)
        ok = migrate_one(migrating, engine, number);
    engine_close(engine);
    return ok;
}

/* What an upgrade that was interrupted has copied already is copied again. */
static bool copy_before(const struct migrating *migrating, int version)
{
    char reason[ENGINE_ERROR_CAP];
    struct buf copy = BUF_EMPTY;
    buf_format(&copy, "%s.before-%03d", migrating->path, version + 1);
    bool ok = backup_make(migrating->path, buf_string(&copy), reason, sizeof reason);
    if (ok)
        log_write(migrating->log, LOG_INFO, NULL, "%s: kept as %s before the upgrade", migrating->name,
                  buf_string(&copy));
    else
        snprintf(migrating->error, migrating->error_len,
                 "%s: not upgraded from schema %d to %d, as the copy before that cannot be made: %s", migrating->name,
                 version, migrating->migrations_len, reason);
    buf_release(&copy);
    return ok;
}

/* Nobody else is at work on it, but may have been since it was looked at. */
static bool migrate_alone(const struct migrating *migrating)
{
    struct engine_schema schema;
    if (!look(migrating->path, migrating->name, migrating->migrations_len, &schema, migrating->error,
              migrating->error_len))
        return false;
    if (schema.version == migrating->migrations_len)
        return true;
    return (schema.is_new || copy_before(migrating, schema.version)) && migrate_from(migrating, schema.version);
}

/* An older server that ran on would write by the old schema's rules. */
static bool migrate_held(const struct migrating *migrating)
{
    if (file_problem(migrating->path, true, true, migrating->error, migrating->error_len))
        return false;
    if (!file_create(migrating->path)) {
        snprintf(migrating->error, migrating->error_len, "%s: the database cannot be created: %s", migrating->name,
                 strerror(errno));
        return false;
    }
    int hold = hold_take(migrating->path, HOLD_ALONE, 0, migrating->error, migrating->error_len);
    if (hold < 0) {
        log_write(migrating->log, LOG_INFO, NULL, "%s: the upgrade waits for another warta to end", migrating->name);
        hold = hold_take(migrating->path, HOLD_ALONE, HOLD_WAIT_MS, migrating->error, migrating->error_len);
    }
    bool ok = hold >= 0 && migrate_alone(migrating);
    hold_release(hold);
    return ok;
}

bool migrate_run_with(const char *path, const struct asset *migrations, size_t migrations_len, const struct log *log,
                      char *error, size_t error_len)
{
    const struct migrating migrating = {path, path, migrations, (int)migrations_len, log, error, error_len};
    struct engine_schema schema;
    if (!look(path, path, migrating.migrations_len, &schema, error, error_len))
        return false;
    return schema.version == migrating.migrations_len || migrate_held(&migrating);
}

bool migrate_private_with(const char *path, const char *name, const struct asset *migrations, size_t migrations_len,
                          const struct log *log, char *error, size_t error_len)
{
    const struct migrating migrating = {path, name, migrations, (int)migrations_len, log, error, error_len};
    struct engine_schema schema;
    if (!look(path, name, migrating.migrations_len, &schema, error, error_len))
        return false;
    return schema.version == migrating.migrations_len || migrate_from(&migrating, schema.version);
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
    if (!look(path, path, known, &schema, error, error_len))
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

size_t migrate_latest(void)
{
    const struct asset *migrations;
    return asset_range(folder, &migrations);
}

bool migrate_run(const char *path, const struct log *log, char *error, size_t error_len)
{
    const struct asset *migrations;
    size_t migrations_len = asset_range(folder, &migrations);
    return migrate_run_with(path, migrations, migrations_len, log, error, error_len);
}

bool migrate_private(const char *path, const char *name, const struct log *log, char *error, size_t error_len)
{
    const struct asset *migrations;
    size_t migrations_len = asset_range(folder, &migrations);
    return migrate_private_with(path, name, migrations, migrations_len, log, error, error_len);
}

bool migrate_is_current(const char *path, char *error, size_t error_len)
{
    const struct asset *migrations;
    size_t migrations_len = asset_range(folder, &migrations);
    return migrate_is_current_with(path, migrations_len, error, error_len);
}
