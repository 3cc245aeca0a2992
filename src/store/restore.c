#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_copy.h"
#include "database_file.h"
#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/store/backup.h"
#include "warta/store/hold.h"
#include "warta/store/migrate.h"

struct restore {
    char *database;
    int hold;
    bool made;   /* there was no database: an empty file stands for it */
    bool is_new; /* there was none, or an empty one */
    bool readable;
    struct part part;
};

/* --- beginning --- */

/* A name that was mistyped must not put another program's data aside. What is no database at all may be ours, damaged. */
static bool is_foreign(struct restore *restore)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine_schema schema;
    restore->readable = engine_look(restore->database, &schema, reason);
    return restore->readable && !schema.is_new && !schema.is_ours;
}

/* The empty file keeps others from making a database meanwhile. */
static bool hold_database(struct restore *restore, char *error, size_t error_len)
{
    const char *database = restore->database;
    struct stat info;
    if (file_problem(database, true, true, error, error_len))
        return false;
    restore->made = access(database, F_OK) != 0;
    if (!file_create(database)) {
        snprintf(error, error_len, "%s cannot be made: %s", database, strerror(errno));
        return false;
    }
    restore->hold = hold_take(database, HOLD_ALONE, 0, error, error_len);
    restore->is_new = restore->hold >= 0 && fstat(restore->hold, &info) == 0 && info.st_size == 0;
    if (restore->hold >= 0 && is_foreign(restore)) {
        snprintf(error, error_len, "%s: this database belongs to another program: name another file", database);
        return false;
    }
    return restore->hold >= 0;
}

/* The server must be able to work with what an operator put there as root. */
static bool give_away(const struct restore *restore, char *error, size_t error_len)
{
    struct stat like;
    bool ok = restore->made ? file_folder_stat(restore->database, &like) : fstat(restore->hold, &like) == 0;
    if (ok && geteuid() == 0)
        ok = fchown(restore->part.fd, like.st_uid, like.st_gid) == 0;
    if (ok && !restore->made)
        ok = fchmod(restore->part.fd, like.st_mode & 0777) == 0;
    if (!ok)
        snprintf(error, error_len, "%s cannot be given its owner: %s", restore->part.path, strerror(errno));
    return ok;
}

static bool prepare(struct restore *restore, const char *backup, const struct log *log, char *error, size_t error_len)
{
    const char *copy = restore->part.path;
    return copy_make(backup, ENGINE_LOOK, copy, error, error_len) && give_away(restore, error, error_len) &&
           migrate_private(copy, backup, log, error, error_len);
}

struct restore *restore_begin(const char *database, const char *backup, const struct log *log, char *error,
                              size_t error_len)
{
    if (file_problem(backup, false, false, error, error_len))
        return NULL;
    if (file_is_same(database, backup)) {
        snprintf(error, error_len, "%s is the database itself: name a backup", backup);
        return NULL;
    }
    struct restore *restore = mem_alloc(sizeof *restore);
    *restore = (struct restore){.database = mem_copy(database, strlen(database)), .hold = -1, .part = {.fd = -1}};
    if (hold_database(restore, error, error_len) && part_open(&restore->part, database, error, error_len) &&
        prepare(restore, backup, log, error, error_len))
        return restore;
    restore_destroy(restore);
    return NULL;
}

const char *restore_copy(const struct restore *restore)
{
    return restore->part.path;
}

bool restore_replaces(const struct restore *restore)
{
    return !restore->is_new;
}

/* --- finishing --- */

static bool fail(char *error, size_t error_len, const char *path, const char *what)
{
    snprintf(error, error_len, "%s %s: %s", path, what, strerror(errno));
    return false;
}

static const char *const sides[] = {"-wal", "-journal", "-shm"};

enum { SIDES = sizeof sides / sizeof *sides };

/* A side file that is left would be taken for a part of the new database. There is one only if the engine could not read
 * the old one. */
static bool move_sides(const char *database, const char *to, char *error, size_t error_len)
{
    bool ok = true;
    for (size_t i = 0; ok && i < SIDES; i++) {
        struct buf old_name = BUF_EMPTY;
        struct buf new_name = BUF_EMPTY;
        buf_format(&old_name, "%s%s", database, sides[i]);
        buf_format(&new_name, "%s%s", to, sides[i]);
        ok = rename(buf_string(&old_name), buf_string(&new_name)) == 0 || errno == ENOENT ||
             fail(error, error_len, buf_string(&old_name), "cannot be put aside");
        buf_release(&old_name);
        buf_release(&new_name);
    }
    return ok;
}

/* Under both names for a moment, so that there is always a database at its path. Some file systems have no second
 * names. */
static bool keep(const char *database, const char *kept, char *error, size_t error_len)
{
    if (link(database, kept) == 0)
        return true;
    bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
    return (no_links && access(kept, F_OK) != 0 && rename(database, kept) == 0) ||
           fail(error, error_len, kept, "cannot be made, to keep what is replaced");
}

static void take_back(const char *database, const char *kept)
{
    char ignored[ENGINE_ERROR_CAP];
    move_sides(kept, database, ignored, sizeof ignored);
    if (access(database, F_OK) == 0)
        unlink(kept);
    else
        rename(kept, database);
}

static bool is_settled(const char *path, bool must, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    enum engine_settled settled = engine_settle(path, reason);
    bool ok = settled == ENGINE_SETTLED || (settled == ENGINE_DAMAGED && !must);
    if (!ok)
        snprintf(error, error_len, "%s", reason);
    return ok;
}

bool restore_finish(struct restore *restore, const char *kept, char *error, size_t error_len)
{
    const char *database = restore->database;
    if (!is_settled(restore->part.path, true, error, error_len))
        return false;
    if (restore->is_new)
        return part_commit(&restore->part, database, error, error_len);
    /* Of a database that it cannot read the engine might throw the log away. */
    if ((restore->readable && !is_settled(database, false, error, error_len)) ||
        !keep(database, kept, error, error_len))
        return false;
    if (move_sides(database, kept, error, error_len) && part_commit(&restore->part, database, error, error_len))
        return true;
    if (restore->part.fd >= 0)
        take_back(database, kept);
    return false;
}

void restore_destroy(struct restore *restore)
{
    if (restore == NULL)
        return;
    if (restore->made && file_is_at(restore->hold, restore->database))
        unlink(restore->database);
    part_release(&restore->part);
    hold_release(restore->hold);
    free(restore->database);
    free(restore);
}
