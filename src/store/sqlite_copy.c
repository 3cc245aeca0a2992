#include <stdio.h>

#include "sqlite_engine.h"

/* All pages in one step are all of one moment; sqlite3_backup_step does not wait for others by itself. */
static int copy_pages(sqlite3_backup *backup)
{
    int code = engine_checked(sqlite3_backup_step(backup, -1));
    for (int waited_ms = 0; waited_ms < BUSY_MS && (code & 0xff) == SQLITE_BUSY; waited_ms += RETRY_MS) {
        sqlite3_sleep(RETRY_MS);
        code = engine_checked(sqlite3_backup_step(backup, -1));
    }
    return code;
}

/* The copy says of itself that it keeps a write-ahead log, as the original does; without one it needs no side files. */
static bool copy_into(struct engine *to, struct engine *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    int code = backup == NULL ? SQLITE_ERROR : copy_pages(backup);
    /* Also tells what went wrong while reading, as the fault of the copy. */
    int finished = backup == NULL ? SQLITE_ERROR : engine_checked(sqlite3_backup_finish(backup));
    return code == SQLITE_DONE && finished == SQLITE_OK && engine_execute(to, "PRAGMA journal_mode = DELETE");
}

bool engine_copy(struct engine *engine, const char *copy, char error[static ENGINE_ERROR_CAP])
{
    struct engine *to = engine_open_plain(copy);
    bool ok = copy_into(to, engine);
    if (!ok)
        engine_say(to, copy, error);
    engine_close(to);
    return ok;
}

/* Leaving the write-ahead log takes the database for this connection alone, and so finds out all others. */
enum engine_settled engine_settle(const char *path, char error[static ENGINE_ERROR_CAP])
{
    struct engine *engine = engine_open_plain(path);
    enum engine_settled settled = ENGINE_SETTLED;
    if (!engine_execute(engine, "PRAGMA journal_mode = DELETE")) {
        settled = (sqlite3_errcode(engine->db) & 0xff) == SQLITE_BUSY ? ENGINE_IN_USE : ENGINE_DAMAGED;
        engine_say(engine, path, error);
    }
    engine_close(engine);
    return settled;
}
