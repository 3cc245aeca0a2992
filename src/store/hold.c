#include "warta/store/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database_file.h"

enum { RETRY_MS = 50 };

enum attempt { HELD, BUSY, MOVED, FAILED };

/* Whoever had to wait may hold a file that has another name by now. */
static enum attempt attempt(int fd, const char *path, enum hold_kind kind)
{
    if (flock(fd, (kind == HOLD_ALONE ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? BUSY : errno == EINTR ? MOVED : FAILED;
    return file_is_at(fd, path) ? HELD : MOVED;
}

static void say(const char *path, enum attempt outcome, enum hold_kind kind, char *error, size_t error_len)
{
    if (outcome != BUSY)
        snprintf(error, error_len, "%s: the database cannot be locked: %s", path, strerror(errno));
    else if (kind == HOLD_ALONE)
        snprintf(error, error_len, "%s: another warta is at work on it, such as a server: stop that first", path);
    else
        snprintf(error, error_len, "%s is being restored or upgraded: wait until that is done, then try again", path);
}

int hold_take(const char *path, enum hold_kind kind, int wait_ms, char *error, size_t error_len)
{
    enum attempt outcome = MOVED;
    if (file_problem(path, false, false, error, error_len))
        return -1;
    for (int waited_ms = 0;; waited_ms += RETRY_MS) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        outcome = fd < 0 ? FAILED : attempt(fd, path, kind);
        if (outcome == HELD)
            return fd;
        int number = errno;
        if (fd >= 0)
            close(fd);
        errno = number;
        if (outcome == FAILED || (outcome == BUSY && waited_ms >= wait_ms))
            break;
        if (outcome == BUSY)
            poll(NULL, 0, RETRY_MS);
    }
    say(path, outcome, kind, error, error_len);
    return -1;
}

void hold_release(int hold)
{
    if (hold >= 0)
        close(hold);
}
