/* What store.c and migrate.c ask of a database engine, and what their tests replace. sqlite.c is the one engine.
 *
 * An engine knows connections, prepared statements and JSON values. It knows no names of statements, logs nothing and
 * makes no rules: what fails returns false or NULL, and the words for it are in `error` or in engine_reason().
 *
 * Threads: a connection and its statements belong to one thread at a time. */
#ifndef WARTA_STORE_ENGINE_H
#define WARTA_STORE_ENGINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "warta/base/asset.h"
#include "warta/base/log.h"
#include "warta/store/store.h"

enum { ENGINE_ERROR_CAP = 1024 };

struct engine;
struct engine_statement;

enum engine_access {
    ENGINE_LOOK,    /* leaves the file as it is, byte for byte */
    ENGINE_READ,    /* statements that write are refused */
    ENGINE_WRITE,   /* statements may change rows and nothing else */
    ENGINE_MIGRATE, /* makes the database if there is none; scripts may change the schema */
};

/* --- connections --- */

/* NULL with a line in `error` that begins with the path, says why, and what to do. */
struct engine *engine_open(const char *path, enum engine_access access, char error[static ENGINE_ERROR_CAP]);

/* Its statements must have been released; a transaction that is still open is rolled back. Accepts NULL. */
void engine_close(struct engine *engine);

/* Why the last call failed (*borrowed* until the next one). */
const char *engine_reason(struct engine *engine);

/* Whether that was for want of something that comes back by itself or by an operator: the disk is full, read-only or at
 * fault, or somebody else kept the database for too long. */
bool engine_unavailable(const struct engine *engine);

/* --- statements --- */

enum engine_verdict { ENGINE_PREPARED, ENGINE_REFUSED, ENGINE_BAD };

/* REFUSED: the access that the connection was opened with does not allow it. */
enum engine_verdict engine_prepare(struct engine *engine, const char *text, struct engine_statement **statement);
void engine_release(struct engine_statement *statement);

bool engine_writes(const struct engine_statement *statement);
size_t engine_params(const struct engine_statement *statement);

/* Without its colon; NULL for a parameter that is not of the form :name. Names are *borrowed* until the statement is
 * first bound or stepped: the engine may compile it anew then. */
const char *engine_param(const struct engine_statement *statement, size_t index);
size_t engine_columns(const struct engine_statement *statement);
const char *engine_column_name(const struct engine_statement *statement, size_t index);

/* The value is borrowed until engine_reset. NULL, or what is wrong with it. */
const char *engine_bind(struct engine_statement *statement, size_t index, const json_t *value);
const char *engine_bind_bytes(struct engine_statement *statement, size_t index, const void *bytes, size_t len);

enum engine_step { ENGINE_ROW, ENGINE_DONE, ENGINE_FAILED };
enum engine_step engine_step(struct engine_statement *statement);

enum column_kind { COLUMN_PLAIN, COLUMN_JSON, COLUMN_BOOL };

/* A value of the row that engine_step stands on (*owned*); NULL with what is wrong with it in `problem`. */
json_t *engine_column(struct engine_statement *statement, size_t index, enum column_kind kind, const char **problem);

/* A column of that row that holds bytes (*borrowed* until the next step or reset); false if it holds something else. */
bool engine_column_bytes(struct engine_statement *statement, size_t index, const char **bytes, size_t *len);

/* Rows changed by the last run of a statement that writes. */
size_t engine_changed(struct engine *engine);

/* Ends the run, also a failed one, and forgets what was bound. */
void engine_reset(struct engine_statement *statement);

/* --- transactions, the schema, and health --- */

/* On an ENGINE_READ connection for reading, else with the write lock. */
bool engine_begin(struct engine *engine);
bool engine_commit(struct engine *engine);
void engine_rollback(struct engine *engine);

/* Appends what is wrong with the database to `problems`, as strings. */
bool engine_check(struct engine *engine, json_t *problems);

struct engine_schema {
    bool is_new;  /* no file, or nothing in it */
    bool is_ours; /* made by this program, of whatever version */
    int version;  /* the number of its last migration */
};

/* What stands at `path`, without changing it. What a program that died left unfinished is completed or undone first. */
bool engine_look(const char *path, struct engine_schema *schema, char error[static ENGINE_ERROR_CAP]);

/* The same of an open connection. */
bool engine_schema(struct engine *engine, struct engine_schema *schema);

/* Inside a transaction of an ENGINE_MIGRATE connection: runs all statements of a script, checks that no reference
 * dangles, and marks the database as ours and of that version. */
bool engine_migrate(struct engine *engine, const char *script, int version);

/* --- whole databases --- */

/* Makes `copy`, an empty file or none, a copy of the whole database as it is at one moment, while others read and write
 * it. The copy stands by itself, without side files, and whoever made it also makes it durable. False with a line in
 * `error`; half a copy may then be there. */
bool engine_copy(struct engine *engine, const char *copy, char error[static ENGINE_ERROR_CAP]);

enum engine_settled {
    ENGINE_SETTLED,
    ENGINE_IN_USE,  /* somebody has it open */
    ENGINE_DAMAGED, /* it cannot be read so far: its side files are as they were */
};

/* Brings what stands in the side files of the database at `path` into it, and takes them away. */
enum engine_settled engine_settle(const char *path, char error[static ENGINE_ERROR_CAP]);

/* --- store.c and migrate.c by tables of one's own --- */

struct statement_source {
    const char *name; /* "item_get" */
    const char *text;
    const char *file; /* "sql/item.sql" */
};

/* As store_open and store_prepare, with these statements in the place of those in sql/, and whatever the schema's
 * version. */
struct store *store_open_with(const char *path, enum store_access access, const struct statement_source *sources,
                              size_t sources_len, const struct log *log, char *error, size_t error_len);

/* As migrate_run, migrate_private and migrate_is_current, with these migrations in the place of those in sql/migrate/. */
bool migrate_run_with(const char *path, const struct asset *migrations, size_t migrations_len, const struct log *log,
                      char *error, size_t error_len);
bool migrate_private_with(const char *path, const char *name, const struct asset *migrations, size_t migrations_len,
                          const struct log *log, char *error, size_t error_len);
bool migrate_is_current_with(const char *path, size_t migrations_len, char *error, size_t error_len);

#endif
