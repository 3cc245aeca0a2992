/* What the files of the SQLite engine share; engine.h is what others see of it.
 *
 * Threads: those of the connection. */
#ifndef WARTA_STORE_SQLITE_ENGINE_H
#define WARTA_STORE_SQLITE_ENGINE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "engine.h"

enum {
    APPLICATION_ID = 0x57727461, /* "Wrta" */
    BUSY_MS = 5000,
    RETRY_MS = 20,
    PROBLEMS_MAX = 100, /* of each kind */
};

struct engine {
    sqlite3 *db;
    enum engine_access access;
    bool preparing;                /* a statement, which may not control transactions: those are engine_begin's */
    bool immutable;                /* read without locks, as nobody else had it open */
    char reason[ENGINE_ERROR_CAP]; /* our own; "" when SQLite has the reason */
    char said[ENGINE_ERROR_CAP];
};

/* Every result passes through here, because running out of memory is no fault that a caller could mend. */
int engine_checked(int code);

bool engine_execute(struct engine *engine, const char *sql);

/* Sets our own reason for engine_reason(); always false. */
__attribute__((format(printf, 2, 3))) bool engine_fail(struct engine *engine, const char *format, ...);

/* The connection's last fault in a line that begins with the path, says why, and what to do. */
void engine_say(const struct engine *engine, const char *path, char error[static ENGINE_ERROR_CAP]);

/* A connection with nothing set but what defends it (*owned*: engine_close); never NULL, its fault is in SQLite's code.
 * The file is made if there is none. */
struct engine *engine_open_plain(const char *path);

#endif
