#include "warta/store/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "warta/base/mem.h"
#include "warta/store/migrate.h"

static const char starting[] = "the server is starting";

struct readiness {
    pthread_mutex_t mutex;     /* guards the words */
    char words[READINESS_CAP]; /* what is wrong; "" if nothing is */
    const struct log *log;
};

struct readiness *readiness_create(const struct log *log)
{
    struct readiness *readiness = mem_alloc(sizeof *readiness);
    pthread_mutex_init(&readiness->mutex, NULL);
    memcpy(readiness->words, starting, sizeof starting);
    readiness->log = log;
    return readiness;
}

void readiness_destroy(struct readiness *readiness)
{
    if (readiness == NULL)
        return;
    pthread_mutex_destroy(&readiness->mutex);
    free(readiness);
}

/* An errno; 0 if there is room. */
static int take_room(int fd)
{
    int problem = posix_fallocate(fd, 0, READINESS_ROOM);
    close(fd);
    return problem;
}

/* Some file systems have no files without a name: then what they say is free has to do. */
static int room_problem(const char *folder)
{
    struct statvfs disk;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return take_room(fd);
    if (errno != EOPNOTSUPP && errno != EISDIR)
        return errno;
    if (statvfs(folder, &disk) != 0)
        return errno;
    return disk.f_bavail * disk.f_frsize < READINESS_ROOM ? ENOSPC : 0;
}

/* An errno; 0 if the file and its folder can be written. */
static int write_problem(const char *path)
{
    char *copy = mem_copy(path, strlen(path));
    int problem = access(path, W_OK) == 0 ? room_problem(dirname(copy)) : errno;
    free(copy);
    return problem;
}

static void look(struct store *store, const struct log *log, char words[static READINESS_CAP])
{
    char reason[512];
    const char *path = store_path(store);
    json_t *row = store_rows(store, SQL_HEALTH, NULL);
    int problem = 0;
    *words = '\0';
    if (row == NULL) {
        snprintf(words, READINESS_CAP, "the database cannot be read");
    } else if (!migrate_is_current(path, reason, sizeof reason)) {
        log_write(log, LOG_ERROR, NULL, "%s", reason);
        snprintf(words, READINESS_CAP, "the database is not of this program's version");
    } else if ((problem = write_problem(path)) == ENOSPC || problem == EDQUOT) {
        snprintf(words, READINESS_CAP, "the disk is full");
    } else if (problem != 0) {
        snprintf(words, READINESS_CAP, "the database cannot be written: %s", strerror(problem));
    }
    json_decref(row);
}

void readiness_refresh(struct readiness *readiness, struct store *store)
{
    char before[READINESS_CAP], now[READINESS_CAP];
    readiness_get(readiness, before);
    look(store, readiness->log, now);
    pthread_mutex_lock(&readiness->mutex);
    memcpy(readiness->words, now, sizeof now);
    pthread_mutex_unlock(&readiness->mutex);
    if (*now != '\0' && strcmp(before, now) != 0)
        log_write(readiness->log, LOG_ERROR, NULL, "not ready: %s", now);
    else if (*now == '\0' && *before != '\0' && strcmp(before, starting) != 0)
        log_write(readiness->log, LOG_INFO, NULL, "ready again");
}

bool readiness_get(struct readiness *readiness, char words[static READINESS_CAP])
{
    pthread_mutex_lock(&readiness->mutex);
    memcpy(words, readiness->words, READINESS_CAP);
    pthread_mutex_unlock(&readiness->mutex);
    return *words == '\0';
}
