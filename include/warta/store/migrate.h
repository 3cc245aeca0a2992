/* Brings a database to the schema that this program was built with.
 *
 * Migrations are sql/migrate/NNN_name.sql, numbered from 001 without a gap, each run in one transaction; the
 * number of the last one is kept in the database itself (SQLite: PRAGMA user_version, with application_id set,
 * so that a database of another program is refused). A database newer than the program is refused and not
 * touched, as is a file that is not a database.
 *
 * Before the first migration of a database that is not new, a copy is kept beside it, as warta.db.before-002 where 002 is
 * the first to be run; if that cannot be made, nothing is migrated. A migration has the database for itself (hold.h), as
 * an older server that ran on would write by the old schema's rules: it waits up to HOLD_WAIT_MS for one that is ending. One
 * that was interrupted, by whatever, is undone by the engine and run again by the next call.
 *
 * Threads: call it once, before any store is opened. */
#ifndef WARTA_STORE_MIGRATE_H
#define WARTA_STORE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "warta/base/log.h"

/* Creates the database at `path` if there is none and runs the migrations it lacks, each named in the log.
 * False, with one line that names the file and says what to do in `error`, if that cannot be. */
bool migrate_run(const char *path, const struct log *log, char *error, size_t error_len);

/* The same of a copy that only the caller knows of: it is not kept as it was, nor held. Messages call it `name`. */
bool migrate_private(const char *path, const char *name, const struct log *log, char *error, size_t error_len);

/* Whether the file at `path` exists, is a database of ours and is current, without changing anything; false, with a
 * reason in `error`, if not. */
bool migrate_is_current(const char *path, char *error, size_t error_len);

/* The schema's number: that of the last migration. */
size_t migrate_latest(void);

#endif
