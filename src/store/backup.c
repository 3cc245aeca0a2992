#include "warta/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_copy.h"
#include "database_file.h"
#include "warta/base/buf.h"
#include "warta/store/hold.h"

/* --- checking --- */

static bool copy_is_whole(struct engine *engine, const char *from, char *error, size_t error_len)
{
    json_t *problems = json_array();
    struct engine_schema schema;
    bool read = engine_schema(engine, &schema) && engine_check(engine, problems);
    bool ok = read && schema.is_ours && json_array_size(problems) == 0;
    if (!read)
        snprintf(error, error_len, "%s: the copy cannot be checked: %s", from, engine_reason(engine));
    else if (!schema.is_ours)
        snprintf(error, error_len, "%s is no database of warta (is this the right file?)", from);
    else if (!ok)
        snprintf(error, error_len, "%s is damaged, so no copy of it was kept: %s", from,
                 json_string_value(json_array_get(problems, 0)));
    json_decref(problems);
    return ok;
}

bool copy_check(const char *copy, const char *from, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(copy, ENGINE_LOOK, reason);
    if (engine == NULL)
        snprintf(error, error_len, "%s", reason);
    bool ok = engine != NULL && copy_is_whole(engine, from, error, error_len);
    engine_close(engine);
    return ok;
}

bool copy_make(const char *from, enum engine_access access, const char *copy, char *error, size_t error_len)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine *engine = engine_open(from, access, reason);
    bool ok = engine != NULL && engine_copy(engine, copy, reason);
    if (!ok)
        snprintf(error, error_len, "%s", reason);
    engine_close(engine);
    return ok && copy_check(copy, from, error, error_len);
}

bool backup_is_ours(const char *path)
{
    char reason[ENGINE_ERROR_CAP];
    struct engine_schema schema;
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && engine_look(path, &schema, reason) &&
           schema.is_ours;
}

/* --- making --- */

/* Whether what has that name may be replaced; it is held meanwhile, by `*hold`. */
static bool may_replace(const char *path, const char *copy, int *hold, char *error, size_t error_len)
{
    struct stat info;
    if (lstat(copy, &info) != 0)
        return !file_problem(copy, true, true, error, error_len);
    if (file_is_same(path, copy)) {
        snprintf(error, error_len, "%s is the database itself: name another file", copy);
        return false;
    }
    if (!backup_is_ours(copy)) {
        snprintf(error, error_len, "%s is there already, and is no backup of warta: name another file", copy);
        return false;
    }
    /* With a log beside it, it is a database that is being worked on, or was left by a fault. */
    if (file_has_side(copy, "-wal")) {
        snprintf(error, error_len, "%s is a database in use, not a backup: name another file", copy);
        return false;
    }
    *hold = hold_take(copy, HOLD_ALONE, 0, error, error_len);
    return *hold >= 0;
}

bool backup_make(const char *path, const char *copy, char *error, size_t error_len)
{
    struct part part = {.fd = -1};
    int hold = -1;
    bool ok = may_replace(path, copy, &hold, error, error_len) && part_open(&part, copy, error, error_len) &&
              copy_make(path, ENGINE_READ, part.path, error, error_len) && part_commit(&part, copy, error, error_len);
    part_release(&part);
    hold_release(hold);
    return ok;
}

/* --- the note --- */

static char *note_path(const char *path)
{
    struct buf note = BUF_EMPTY;
    buf_format(&note, "%s.backed-up", path);
    return buf_steal(&note);
}

/* A new file each time: the one before may be somebody else's, who may not be followed either. */
bool backup_note(const char *path)
{
    char *note = note_path(path);
    int fd = unlink(note) == 0 || errno == ENOENT ? open(note, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644) : -1;
    free(note);
    return fd >= 0 && close(fd) == 0;
}

int64_t backup_noted_unix(const char *path)
{
    struct stat info;
    char *note = note_path(path);
    bool there = lstat(note, &info) == 0;
    free(note);
    return there ? (int64_t)info.st_mtime : 0;
}
