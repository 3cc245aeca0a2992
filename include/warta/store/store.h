/* The store: named statements in, JSON out.
 *
 * The files directly in sql/ hold the statements, those of one table in one file: sql/item.sql. Each begins with its name,
 * which becomes the enumerator (SQL_ITEM_GET) and is the name in the log, and ends with a semicolon. The build checks both.
 * The comment lines behind the name are checked when the statement is prepared:
 *
 *     -- name: item_get
 *     -- What the statement is for, in one or more lines.
 *     -- params: id now_utc
 *     -- columns: id slug title event:json featured:bool
 *     SELECT ...;
 *
 * `params` must be exactly the statement's named parameters (:id), `columns` exactly its columns in order (both
 * lines are left out when there are none). `:json` says that the column holds JSON text and becomes that value,
 * `:bool` that 0 and 1 become false and true. NULL becomes null.
 *
 * This header knows no engine: src/store/sqlite.c is the embedded one. Nothing outside src/store/ may depend on
 * SQLite.
 *
 * A failing statement is a fault: it is logged once, here, with its name and the request's id, and the call
 * returns NULL or false. A parameter missing from `params`, an unknown one beside it, or a statement that
 * writes on a store opened for reading or while writes are not allowed, is a fault too.
 *
 * One that took longer than the log's `slow_ms` is a warning in the log, with its name.
 *
 * Threads: a store belongs to one thread at a time, but any may call store_timings_add; each thread opens its own. */
#ifndef WARTA_STORE_STORE_H
#define WARTA_STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "warta/base/buf.h"
#include "warta/base/log.h"
#include "warta/store/sql.h" /* generated: enum sql, sql_name() and sql_text() */

struct store;

enum store_access { STORE_READ, STORE_WRITE };

/* Opens the database at `path`. The schema must be current (see migrate.h); a file that does not exist is not
 * created. On failure returns NULL with one line that names the file and says what to do in `error`. `log` is
 * borrowed for the store's life. A statement is prepared when it is first run; one that the engine cannot prepare is a
 * fault then. */
struct store *store_open(const char *path, enum store_access access, const struct log *log, char *error,
                         size_t error_len);
void store_destroy(struct store *store);

/* Prepares all statements now: what a server does once, on one of its many stores, so that a bad statement ends it at
 * its start. False with a line in `error` that names the statement and its file. */
bool store_prepare(struct store *store, char *error, size_t error_len);

/* For the request at hand: the id that faults are logged under (borrowed until the next call; NULL: none), and
 * whether statements may write. A page that answers a GET may not. Before the first call there is no id, and a store
 * opened for writing may write. */
void store_request(struct store *store, const char *request_id, bool may_write);

/* Whether a fault since then was for want of something that comes back, by itself or by an operator: room on the disk, a
 * disk that can be written and works, or the write lock. The same may then be tried again. */
bool store_unavailable(const struct store *store);

/* `params` is an object with a key for each named parameter: string, integer, real, boolean or null, an array or
 * object travels as JSON text. It is borrowed; NULL where the statement has none. */

/* An array of one object for each row (*owned*: json_decref), [] for none; NULL on a fault. */
json_t *store_rows(struct store *store, enum sql sql, const json_t *params);

/* The first row as an object, null for none (*owned*); NULL on a fault. */
json_t *store_row(struct store *store, enum sql sql, const json_t *params);

/* The first column of the first row, null for none (*owned*); NULL on a fault. */
json_t *store_value(struct store *store, enum sql sql, const json_t *params);

/* As store_exec, with `len` bytes as the value of the parameter `name`, which is not in `params`. */
bool store_exec_bytes(struct store *store, enum sql sql, const json_t *params, const char *name, const void *bytes,
                      size_t len);

/* Appends the first column of the first row, which holds bytes, to `out`; false on a fault or where there is no row. */
bool store_bytes(struct store *store, enum sql sql, const json_t *params, struct buf *out);

/* Runs a statement for its effect. `changed` (may be NULL) gets the number of rows it changed. False on a fault. */
bool store_exec(struct store *store, enum sql sql, const json_t *params, size_t *changed);

/* One transaction; they do not nest. On a store opened for reading, all that is read in it is of one moment. On one
 * opened for writing it holds the write lock; begin waits up to 5 seconds for it. After a fault inside it nothing more
 * runs, without another line in the log, and commit returns false: half of it is never kept. After a false from commit
 * the transaction is rolled back. */
bool store_begin(struct store *store);
bool store_commit(struct store *store);
void store_rollback(struct store *store);

/* Of the database (*borrowed*). */
const char *store_path(const struct store *store);

/* Bytes of the files; 0 where there is none. */
struct store_size {
    uint64_t database, wal;
};
struct store_size store_size(const struct store *store);

/* What is timed: each statement by its enumerator, beginning a transaction (waiting for the write lock), and committing it
 * (waiting for the disk). */
enum { STORE_TIMED_BEGIN = SQL_COUNT, STORE_TIMED_COMMIT, STORE_TIMED };

struct store_timing {
    uint64_t runs, ns; /* how often, and how long in all */
};

/* Adds what this store took to `sums`. */
void store_timings_add(const struct store *store, struct store_timing sums[static STORE_TIMED]);

/* "item_public", "begin", "commit". */
const char *store_timed_name(size_t timed);

/* What `warta check` asks: whether the engine finds the database whole. Problems are appended to `problems`, a
 * JSON array of strings (empty: whole). False on a fault. */
bool store_check(struct store *store, json_t *problems);

#endif
