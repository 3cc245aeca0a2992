#include "warta/store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "warta/base/buf.h"
#include "warta/base/mem.h"
#include "warta/commands/command.h"
#include "warta/commands/settings.h"
#include "warta/commands/stamp.h"

static const struct setting backup_flags[] = {
    {.name = "keep",
     .kind = SETTING_INTEGER,
     .min = 0,
     .max = 100000,
     .fallback = "0",
     .value = "N",
     .help = "in a folder: how many backups of this database to keep there; 0 for all"},
    {.name = NULL},
};

static const struct usage backup_usage = {
    .command = "backup",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .shared = settings_shared,
    .own = backup_flags,
    .details =
        "If FILE is a folder, the backup gets a name there, such as "
        "warta-20260131T020000Z.db (the database's name and the time in UTC); --keep deletes the oldest that have "
        "such a name and are databases of warta, and nothing else.",
};

enum { ERROR_CAP = 1024, EXIT_USAGE = 2 };

/* --- names in a folder: STEM-20260131T020000Z.db --- */

static const char ending[] = ".db";

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The database's name without folder and ".db" (*owned*, free()). */
static char *stem_of(const char *database)
{
    const char *slash = strrchr(database, '/');
    const char *name = slash == NULL ? database : slash + 1;
    size_t len = strlen(name);
    size_t ending_len = strlen(ending);
    if (len > ending_len && strcmp(name + len - ending_len, ending) == 0)
        len -= ending_len;
    return mem_copy(name, len);
}

static char *path_in(const char *folder, const char *name)
{
    struct buf path = BUF_EMPTY;
    size_t len = strlen(folder);
    buf_format(&path, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name);
    return buf_steal(&path);
}

static char *name_now(const char *stem)
{
    char stamp[STAMP_CAP];
    struct buf name = BUF_EMPTY;
    stamp_format(time(NULL), stamp);
    buf_format(&name, "%s-%s%s", stem, stamp, ending);
    return buf_steal(&name);
}

static bool is_name_of(const char *name, const char *stem)
{
    size_t len = strlen(stem);
    return strncmp(name, stem, len) == 0 && name[len] == '-' && strlen(name) == len + STAMP_CAP + strlen(ending) &&
           stamp_valid(name + len + 1) && strcmp(name + len + STAMP_CAP, ending) == 0;
}

/* --- rotation --- */

struct names {
    char **name;
    size_t len;
};

static void names_release(struct names *names)
{
    for (size_t i = 0; i < names->len; i++)
        free(names->name[i]);
    free(names->name);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* The backups in a folder beside `made`, the oldest first. False with errno. */
static bool names_read(struct names *names, const char *folder, const char *stem, const char *made)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return false;
    errno = 0;
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char *path = path_in(folder, entry->d_name);
        if (is_name_of(entry->d_name, stem) && strcmp(entry->d_name, made) != 0 && backup_is_ours(path)) {
            names->name = mem_resize(names->name, (names->len + 1) * sizeof *names->name);
            names->name[names->len++] = mem_copy(entry->d_name, strlen(entry->d_name));
        }
        free(path);
        errno = 0;
    }
    int number = errno;
    closedir(entries);
    errno = number;
    if (names->len > 0)
        qsort(names->name, names->len, sizeof *names->name, by_name);
    return number == 0;
}

/* Deletes the oldest, so that `keep` are there with the one just made, which stays whatever the clock was before. */
static bool rotate(const char *folder, const char *stem, const char *made, size_t keep)
{
    struct names names = {0};
    bool ok = names_read(&names, folder, stem, made);
    for (size_t i = 0; ok && i + keep < names.len + 1; i++) {
        char *path = path_in(folder, names.name[i]);
        ok = unlink(path) == 0;
        if (ok)
            printf("%s deleted\n", path);
        free(path);
    }
    if (!ok)
        command_fail("%s: the backup was made, but old ones cannot be deleted: %s", folder, strerror(errno));
    names_release(&names);
    return ok;
}

/* --- making one --- */

static bool make(const char *database, const char *copy)
{
    char error[ERROR_CAP];
    struct stat info = {0};
    if (!backup_make(database, copy, error, sizeof error)) {
        command_fail("%s", error);
        return false;
    }
    if (!backup_note(database))
        fprintf(stderr, "warta: the backup was made, but its time cannot be noted beside %s: %s\n", database,
                strerror(errno));
    bool known = stat(copy, &info) == 0;
    printf("%s: %.1f MB, checked\n", copy, known ? (double)info.st_size / 1e6 : 0.0);
    return true;
}

static bool make_in(const char *database, const char *folder, size_t keep)
{
    char *stem = stem_of(database);
    char *name = name_now(stem);
    char *copy = path_in(folder, name);
    bool ok = make(database, copy) && (keep == 0 || rotate(folder, stem, name, keep));
    free(copy);
    free(name);
    free(stem);
    return ok;
}

static int backup_run(const struct config *config)
{
    const char *database = config_text(config, "database");
    const char *target = config_argument(config, 0);
    size_t keep = (size_t)config_int(config, "keep");
    if (strcmp(target, "-") == 0) {
        command_fail("a backup is a file: name one, or a folder");
        return EXIT_USAGE;
    }
    if (is_folder(target))
        return make_in(database, target, keep) ? 0 : 1;
    if (keep > 0) {
        command_fail("--keep needs a folder, and %s is none", target);
        return EXIT_USAGE;
    }
    return make(database, target) ? 0 : 1;
}

const struct command command_backup = {"copy the whole site, while the server runs", &backup_usage, backup_run};
